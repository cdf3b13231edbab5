"""Customers of the simulated shop who order because they were contacted."""

from __future__ import annotations

import csv
import gzip
from datetime import date, timedelta
from pathlib import Path

import pytest

from sample_shop.shop import make

UNTIL, CONTACT = date(2024, 7, 1), date(2024, 6, 1)
CUSTOMERS = 400


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict]:
    """The shop without and with responses of every second customer, and the facts of the latter."""
    before, after = (tmp_path_factory.mktemp("shops") / name for name in ("before", "after"))
    make(before, CUSTOMERS, until=UNTIL, history_days=200)
    first, again = before / "first.csv", before / "again.csv"
    for path, day in ((first, CONTACT), (again, CONTACT + timedelta(days=7))):
        rows = [f"C{number:07},{day}" for number in range(1, CUSTOMERS, 2)]
        path.write_text("\n".join(["customer_id,as_of_date", *rows]))
    return before, after, make(after, CUSTOMERS, until=UNTIL, history_days=200, contacted=[again, first], response=0.5)


def test_only_the_responses_are_added(made: tuple) -> None:
    before, after, _ = made
    names = {path.name for path in (before / "orders").iterdir()}
    assert {path.name for path in (after / "orders").iterdir()} == names | {"responses.csv.gz"}
    assert all((before / "orders" / name).read_bytes() == (after / "orders" / name).read_bytes() for name in names)


def test_contacted_customers_respond_within_days_of_their_first_contact(made: tuple) -> None:
    before, after, facts = made
    with gzip.open(after / "orders" / "responses.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    orders = {row["order_id"]: row for row in rows}
    known = set()
    for path in (before / "orders").iterdir():
        with gzip.open(path, "rt", errors="replace") as file:
            known |= {line.split(",")[0] for line in file}
    assert not known & set(orders)
    assert all(int(row["customer_id"][1:]) % 2 for row in rows)
    days = {date.fromisoformat(row["ordered_at"][:10]) for row in rows}
    assert min(days) >= CONTACT
    assert max(days) < CONTACT + timedelta(days=20)
    assert len(orders) == facts["extra_orders"]
    # 200 customers with 0.5 orders on average; the standard deviation is about 11.
    assert facts["expected_orders"] == pytest.approx(100, abs=25)
    assert facts["extra_orders"] == pytest.approx(facts["expected_orders"], abs=35)
    assert sum(float(row["amount"]) for row in rows) == pytest.approx(facts["expected_revenue"], rel=0.4)
