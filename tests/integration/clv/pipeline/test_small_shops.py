"""A shop of sixty customers, from its own database to the published tables: too few customers for a forecast."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import fetched
import pytest
from faults.shop import names_of_steps
from planted_steps import GREETING, LAST, planted

from clv.catalog import tables
from clv.core import settings
from clv.pipeline import daily
from clv.sources.fetching.fetch import fetch
from clv.warehouse import db

pytestmark = pytest.mark.set_up

AS_OF = date(2024, 6, 1)
FIRST = date(2023, 11, 1)


def orders() -> list[tuple[str, str, date, Decimal]]:
    """(customer, order, day, amount): every customer's orders are numbered from 1, and have no time of day."""
    rows = [
        (f"c{customer}", str(order), FIRST + timedelta(days=customer % 7 + 31 * order), Decimal(f"{customer}.{order}9"))
        for customer in range(60)
        for order in range(1, customer % 5 + 2)
    ]
    refunds = [
        ("c4", "1", date(2024, 3, 1), Decimal("-1.10")),  # a refund of the customer's own order
        # C5 has no order 4, and the refund must not be linked to another customer's order 4.
        ("c5", "4", date(2024, 3, 2), Decimal("-0.33")),
        ("gone", "1", date(2024, 3, 3), Decimal("-7.77")),
    ]
    return [*rows, *refunds, ("c1", "9", AS_OF, Decimal("100.00"))]


@pytest.fixture(scope="module")
def run_id(module_home: settings.Settings, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Fetches the shop's orders in several files, and runs the whole pipeline, and another run of one step beside it,
    over them; returns the run_id."""
    with db.connect(module_home.warehouse_url) as connection:
        connection.execute("create table shop (customer_id text, order_id text, ordered_at date, amount numeric)")
        connection.cursor().executemany("insert into shop values (%s, %s, %s, %s)", orders())
    url, key = module_home.warehouse_url.replace("postgresql", "postgresql+psycopg"), ["customer_id", "order_id"]
    declared = {"from": "database", "url": "{secret:shop}", "table": "shop", "key": key, "rows_per_file": 50}
    fetched.declare(module_home, "orders", declared, shop=url)
    assert fetch("orders", module_home).rows == len(orders())
    with planted(tmp_path_factory.mktemp("steps"), greeting=GREETING):
        return daily.run(AS_OF)


def published(query: str) -> list[tuple]:
    """Rows of a query on the published tables, which may name pii.customers as people."""
    return db.rows(query.replace("people", "pii.customers as people using (customer_key)"))


def test_everybody_has_a_reason_and_no_forecast(run_id: str):
    found = db.rows(
        "select status, status_reason, currency, value_tier, predicted_clv, total_clv, count(*) "
        "from analytics.customer_clv group by 1, 2, 3, 4, 5, 6"
    )
    (reason,) = {row[1] for row in found}
    assert found == [("too_little_data", reason, "XXX", None, None, None, 61)]
    assert reason == "60 customers before 2024-06-01; a forecast needs 500"
    assert db.rows(f"select run_id from {tables.PUBLICATIONS}") == [(run_id,)]


def test_revenue_is_right_to_the_penny(run_id: str):
    expected: dict[str, Decimal] = {}
    for customer, _, day, amount in orders():
        if day < AS_OF:
            expected[customer] = expected.get(customer, Decimal(0)) + amount
    revenue = "select customer_id, historic_revenue from analytics.customer_clv join people"
    assert dict(published(revenue)) == expected
    by_order = """
        select customer_id, sum(net_revenue)::numeric(18, 2) from analytics.fct_orders join people group by customer_id
    """
    assert dict(published(by_order)) == expected


def test_orders_of_one_id_belong_each_to_its_customer(run_id: str):
    bought = {(customer, order) for customer, order, day, amount in orders() if day < AS_OF and amount > 0}
    kinds = dict(db.rows("select kind, count(*) from analytics.fct_orders group by kind"))
    assert kinds == {"order": len(bought), "refund_only": 2}
    found = published(
        "select customer_id, order_number, net_revenue, order_key = 'orders:1:' || customer_key "
        "from analytics.fct_orders join people where customer_id in ('c4', 'gone') and order_key ~ ':1(:|$)'"
    )
    assert sorted(found, key=str) == [
        ("c4", 1, Decimal("3.0900"), True),
        ("gone", None, Decimal("-7.7700"), True),
    ]
    # Order 1 is the first order of c0, c7, c14 … on the same day: only one of them has the plain key.
    plain = published("select customer_id from analytics.fct_orders join people where order_key = 'orders:1'")
    assert [int(customer[1:]) % 7 for (customer,) in plain] == [0]


def test_a_step_in_a_file_of_its_own_is_taken_and_logged(run_id: str):
    log = db.rows(f"select task, facts from {tables.TASK_LOG} where run_id = %s order by ended_at", (run_id,))
    assert log[-1] == ("greet", {"greeted": 61, "after training": False})


def test_a_step_in_a_file_of_its_own_is_disturbed_like_the_others(tmp_path):
    with planted(tmp_path, greeting=GREETING):
        assert names_of_steps()[-2:] == [LAST, "greet"]
