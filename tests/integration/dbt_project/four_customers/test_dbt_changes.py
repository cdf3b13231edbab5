"""What changed between two published dates: each customer's cause, and steps that add up to the penny."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal

import pytest
from four_customers import AS_OF, RUN
from raw_rows import customer

from clv.catalog import tables
from clv.warehouse import db

BEFORE, EARLIER = "2024-03-20", "2024-03-20.1"
BETWEEN, LATER = "2024-05-20", "2024-05-20.1"
CLV = "analytics_runs.customer_clv"


@pytest.fixture
def before(shop: dict) -> Iterator[dict[str, Decimal]]:
    """Publishes an earlier date, whose model is another. Since then b is new, a had a refund of an order
    that no file names, and one customer is gone.

    Returns the forecast at the newest date of each customer with one, by name.
    """
    with db.connect() as connection:
        connection.execute(f"create temporary table earlier as select * from {CLV} where run_id = '{RUN}'")
        connection.execute(
            "update earlier set as_of_date = %s, run_id = %s, model_version = 'earlier', predicted_clv = predicted_clv"
            " - 3, value_tier = 'Low', clv_percentile = 0",
            (BEFORE, EARLIER),
        )
        connection.execute("delete from earlier where customer_key = %s", (customer("b"),))
        connection.execute(
            "update earlier set historic_revenue = historic_revenue + 10, predicted_clv = predicted_clv - 7,"
            """ reasons = '[{"group": "recency", "reason": "silent for 9 days", "effect": -12.50}]'"""
            " where customer_key = %s",
            (customer("a"),),
        )
        connection.execute(
            f"insert into {CLV} select * from earlier union all"
            f" select (jsonb_populate_record(earlier, jsonb_build_object('customer_key', %s::text))).*"
            " from earlier where customer_key = %s",
            (customer("f"), customer("d")),
        )
        for day, run in ((BEFORE, EARLIER), (AS_OF, RUN)):
            connection.execute(
                f"insert into {tables.PUBLICATIONS} (as_of_date, run_id, digest, rows_published)"
                " values (%s, %s, '', '{}')",
                (day, run),
            )
    names = {str(customer(name)): name for name in "abcd"}
    forecasts = db.rows(f"select customer_key::text, predicted_clv from {CLV} where run_id = '{RUN}'")
    yield {names[key]: value for key, value in forecasts if value is not None}
    with db.connect() as connection:
        connection.execute(f"delete from {tables.PUBLICATIONS}")
        for table in (CLV, tables.PROFIT_MARGIN):
            connection.execute(f"delete from {table} where run_id = '{EARLIER}'")


def test_each_customer_has_one_cause(before: dict[str, Decimal]):
    found = db.rows(
        "select customer_key::text, since, tier_change, cause, predicted_clv_change, earlier_orders_change"
        " from analytics.customer_changes where since = 'last published'"
    )
    assert {row[0]: row[1:] for row in found} == {
        str(customer("a")): ("last published", "rose", "refunds and corrections", Decimal(10), Decimal(-10)),
        str(customer("b")): ("last published", "new", "new customers", before["b"], None),
        str(customer("c")): ("last published", "same", "new model", Decimal(0), Decimal(0)),
        str(customer("d")): ("last published", "same", "new model", Decimal(3), Decimal(0)),
        str(customer("f")): ("last published", "gone", "no longer counted", 3 - before["d"], None),
    }


def test_orders_since_then_are_named(before: dict[str, Decimal]):
    found = db.rows(
        "select orders_since, revenue_since, order_keys from analytics.customer_changes"
        " where since = 'last published' and customer_key = %s",
        (customer("b"),),
    )
    assert found == [(1, Decimal("70.01"), ["shop:3"])]


def test_the_steps_add_up_to_the_penny(before: dict[str, Decimal]):
    found = db.rows(
        "select step, customers, predicted_clv from analytics.forecast_bridge where since = '30 days' order by place"
    )
    steps = {step: (customers, value) for step, customers, value in found}
    earlier = before["a"] - 10 + 2 * (before["d"] - 3)
    assert steps == {
        "forecast before": (3, earlier),
        "new customers": (1, before["b"]),
        "orders": (0, Decimal(0)),
        "refunds and corrections": (1, Decimal(10)),
        "no longer counted": (1, 3 - before["d"]),
        "time passed": (2, Decimal(0)),
        "new model": (2, Decimal(3)),
        "margin": (0, Decimal(0)),
        "forecast": (3, sum(before.values())),
    }
    *parts, last = [value for _, value in steps.values()]
    assert sum(parts) == last


def bridge() -> dict[str, tuple[int, Decimal]]:
    """Customers and money of each step since the date 30 days earlier."""
    query = (
        "select step, customers, predicted_clv from analytics.forecast_bridge where since = '30 days' order by place"
    )
    return {step: (customers, value) for step, customers, value in db.rows(query)}


def test_another_margin_is_a_step_of_its_own(before: dict[str, Decimal]):
    with db.connect() as connection:  # the margin was twice as high, and so was the value
        connection.execute(f"update {CLV} set predicted_clv = 2 * predicted_clv where run_id = %s", (EARLIER,))
        connection.execute(
            f"insert into {tables.PROFIT_MARGIN} (as_of_date, run_id, margin, profit_basis)"
            f" select %s, %s, 2 * margin, profit_basis from {tables.PROFIT_MARGIN} where run_id = %s",
            (BEFORE, EARLIER, RUN),
        )
    steps = bridge()
    halved = {
        name: round(value / 2, 2) for name, value in (("a", 2 * (before["a"] - 10)), ("d", 2 * (before["d"] - 3)))
    }
    assert steps["margin"] == (2, -sum(halved.values()))
    assert steps["new model"] == (2, before["d"] - halved["d"])
    assert steps["refunds and corrections"] == (1, before["a"] - halved["a"])
    *parts, last = [value for _, value in steps.values()]
    assert sum(parts) == last
    causes = dict(
        db.rows(
            "select customer_key::text, cause from analytics.customer_changes"
            " where since = '30 days' and predicted_clv is not null and predicted_clv_before is not null"
        )
    )
    assert causes == {str(customer("a")): "margin", str(customer("d")): "margin"}


def test_what_a_new_model_changed_before_an_order_is_not_the_order(before: dict[str, Decimal]):
    """b ordered on 2024-05-31. The model is new from 2024-05-20 on."""
    with db.connect() as connection:
        copied = (
            f"insert into {CLV} select (jsonb_populate_record(one, %s::jsonb)).* from {CLV} as one where run_id = %s"
        )
        for day, run, model, value in ((BEFORE, EARLIER, "earlier", 5), (BETWEEN, LATER, None, 8)):
            new = {"as_of_date": day, "run_id": run, "predicted_clv": value} | (
                {"model_version": model} if model else {}
            )
            connection.execute(copied + " and customer_key = %s", (json.dumps(new), RUN, customer("b")))
    assert bridge()["orders"] == (1, before["b"] - 5), "the day between is not published"
    with db.connect() as connection:
        connection.execute(
            f"insert into {tables.PUBLICATIONS} (as_of_date, run_id, digest, rows_published)"
            " values (%s, %s, '', '{}')",
            (BETWEEN, LATER),
        )
    try:
        assert bridge()["orders"] == (1, before["b"] - 8)
        assert bridge()["new model"] == (1, Decimal(3))
    finally:
        with db.connect() as connection:
            connection.execute(f"delete from {CLV} where run_id = '{LATER}'")


def test_the_reason_that_changed_most_is_named(before: dict[str, Decimal]):
    found = db.rows("select why_before, why_effect from analytics.customer_changes where cause like 'refunds%' limit 1")
    assert found == [("silent for 9 days", Decimal("12.50"))]
