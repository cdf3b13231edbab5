"""The outcome of a window must not be known before the window is over."""

from __future__ import annotations

from datetime import date

import pytest

from clv.catalog import tables
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.warehouse import db
from clv.warehouse.roles import TRANSFORMER
from spark_jobs.features import outcomes

DAY, CLOSED, KNOWN = date(2023, 8, 1), '{"90": 1, "180": null}', '{"90": 1, "180": 7}'


def example(home: Settings, orders_next: str, revenue_next: str) -> None:
    """Writes one example of 2023-05-03. Its window of 90 days is over on the training date, that of 180 days is not."""
    key, outcome = "training_date date, run_id text, as_of_date date, customer_key uuid", "_next jsonb"
    with db.connect(home.url_as(TRANSFORMER)) as connection:
        connection.execute(f"create table {tables.TRAINING_EXAMPLES} ({key}, orders{outcome}, revenue{outcome})")
        connection.execute(
            f"insert into {tables.TRAINING_EXAMPLES} values (%s, 'r', '2023-05-03', gen_random_uuid(), %s, %s)",
            (DAY, orders_next, revenue_next),
        )


@pytest.mark.parametrize(("orders_next", "revenue_next"), [(KNOWN, CLOSED), (CLOSED, KNOWN)])
def test_orders_or_money_of_an_open_window_are_refused(home: Settings, orders_next: str, revenue_next: str) -> None:
    example(home, orders_next, revenue_next)
    with pytest.raises(ClvError, match="1 customers in the 180 days from 2023-05-03, which are not over by"):
        outcomes.refuse_open_windows(DAY, "r", home)


def test_closed_windows_are_accepted(home: Settings) -> None:
    example(home, CLOSED, CLOSED)
    outcomes.refuse_open_windows(DAY, "r", home)
