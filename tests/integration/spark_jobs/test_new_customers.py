"""New customers, from days in the warehouse to rows of the estimate."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from clv.catalog import tables
from clv.core import settings
from clv.warehouse import db
from spark_jobs import score
from spark_jobs.ensemble import shop_history

AS_OF, RUN = date(2024, 6, 1), "2024-06-01.1"
FIRST = AS_OF - timedelta(days=100)


@pytest.fixture
def days(module_home: settings.Settings) -> settings.Settings:
    """A shop that gains one customer a day for 100 days. Each pays 10; the first also pays 5 on the third day and again
    on the date."""
    with db.connect(module_home.warehouse_url) as connection:
        connection.execute(f"drop table if exists {tables.INT_CUSTOMER_DAYS}, {tables.CUSTOMER_FEATURES}")
        connection.execute(
            f"create table {tables.INT_CUSTOMER_DAYS} (customer_key uuid, day date, orders int, net_revenue numeric)"
        )
        connection.execute(
            f"""insert into {tables.INT_CUSTOMER_DAYS}
            select lpad(to_hex(number), 32, '0')::uuid, %(first)s::date + number, 1, 10
            from generate_series(0, 99) as numbers (number)
            union all select lpad('0', 32, '0')::uuid, %(first)s::date + 2, 1, 5
            union all select lpad('0', 32, '0')::uuid, %(as_of)s, 1, 99
            union all select lpad('a0a', 32, '0')::uuid, %(first)s::date + 1, 0, -7""",
            {"first": FIRST, "as_of": AS_OF},
        )
        connection.execute(f"create table {tables.CUSTOMER_FEATURES} (as_of_date date, run_id text, customer_key uuid)")
        for table in (tables.INT_CUSTOMER_DAYS, tables.CUSTOMER_FEATURES):
            connection.execute(f"grant select on {table} to clv_modeller")
    return module_home


def test_new_customers_and_their_revenue_are_read_from_days_before_the_date(days: settings.Settings) -> None:
    found = shop_history.new_customers(AS_OF, 365, days.warehouse_url)
    assert found.first == FIRST
    assert found.counts == pytest.approx(np.ones(100))  # a refund alone does not make a customer
    assert found.between(0, 2) == (2, 20)
    assert found.between(0, 3) == (3, 35)
    assert found.between(0, 100) == (100, 1005)
    assert shop_history.new_customers(FIRST, 365, days.warehouse_url).counts.shape == (0,)


def test_the_estimate_is_written_once_for_each_horizon(days: settings.Settings) -> None:
    for _ in range(2):
        score.write_new_customers(AS_OF, RUN, [90, 365], days)
    columns = "horizon_days, customers, revenue, customers_low < customers, revenue < revenue_high"
    rows = db.rows(f"select {columns} from {tables.NEW_CUSTOMERS} order by horizon_days")
    # One customer a day continues, and those of the last 50 days brought 10 each.
    assert [row[:2] for row in rows] == [(90, pytest.approx(90)), (365, pytest.approx(365))]
    assert [row[2] for row in rows] == [pytest.approx(900), pytest.approx(3650)]
    assert all(row[3] and row[4] for row in rows)
    score.write_too_little_data(days, AS_OF, RUN, "too few orders")
    assert db.rows(f"select count(*) from {tables.NEW_CUSTOMERS}") == [(0,)]
