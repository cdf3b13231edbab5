"""How the population of an experiment is counted: by the database, within the time that is given."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date
from types import SimpleNamespace

import psycopg
import pytest

from clv.core.errors import ClvError
from clv.decisions.experiments import planning, population
from clv.decisions.experiments.definitions import Definition
from clv.warehouse import db

DAY = date(2024, 6, 1)


class Connection:
    """Answers each query with one row of one number, and keeps what it received. too_slow: whether it is cancelled."""

    def __init__(self, too_slow: bool = False) -> None:
        self.too_slow, self.received = too_slow, []

    def execute(self, query: str, values: object) -> SimpleNamespace:
        self.received.append((" ".join(query.split()), values))
        if self.too_slow and "statement_timeout" not in query:
            raise psycopg.errors.QueryCanceled
        return SimpleNamespace(fetchall=lambda: [(7,)])


def use(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    monkeypatch.setattr(db, "connect", lambda _: nullcontext(connection))
    return SimpleNamespace(analyst_url="")


def test_a_plan_counts_in_the_database_within_its_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = Connection()
    home = use(connection, monkeypatch)
    monkeypatch.setattr(population, "newest_date", lambda _, before=None: None if before else DAY)
    found = planning.plan("mail", Definition(), home, 60)  # type: ignore[arg-type]
    assert (found.customers, found.by_arm) == (7, {"act": 4, "control": 3})
    (_, seconds), (query, _) = connection.received
    assert seconds == ("60s",)
    assert query.startswith("select count(*) from (")
    assert "contactable_customers" in query


def test_a_count_that_takes_too_long_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    home = use(Connection(too_slow=True), monkeypatch)
    with pytest.raises(ClvError, match="mail: the warehouse did not answer within 60 seconds; try again when it has"):
        population.number("mail", Definition(), DAY, home, 60)  # type: ignore[arg-type]
