"""Segments, lifecycle stages and personas: which customers have which, and who changed segment."""

from __future__ import annotations

import re
from decimal import Decimal

import dbt_calls
from four_customers import AS_OF, table
from raw_rows import customer

from clv.catalog import tables
from clv.core import settings
from clv.warehouse import db


def test_every_division_of_a_customer(shop: dict):
    found = table(
        "analytics_runs.customer_segments",
        "customer_key, segment, recency_quintile, frequency_quintile, monetary_quintile, value_band, is_valuable, "
        "is_saveable, value_at_stake::float, tags, expected_gap_days::float, gaps_silent::float",
    )
    # Only customer a has a gap between purchases, 60 days, so the shop's usual gap is 60 too; a's last order is 83 days
    # ago. A customer who bought once is compared with the shop's 60 days: d's last order is 397 days ago, but with an
    # even chance of returning, d is not lost.
    assert [row[1:] for row in found] == [
        ("promising", 3, 5, 5, "high", True, False, 9, [], 60, 1.38),  # the value at stake is a quarter of 36
        ("new", 5, 1, 3, "middle", False, False, 14.4, [], 60, 0.02),
        ("no orders", None, None, None, None, False, False, None, [], None, None),
        ("needs attention", 1, 1, 1, "low", False, False, 9, [], 60, 6.62),
    ]
    assert table("analytics_runs.customer_segments", "customer_key, why_slipping") == [
        *((customer(who), None) for who in "abc"), (customer("d"), "silent for 397 days, an order was due after 60"),
    ]  # fmt: skip
    assert table("analytics_runs.customer_clv", "customer_key, days_overdue") == [
        (customer("a"), 23), (customer("b"), 0), (customer("c"), None), (customer("d"), 337),
    ]  # fmt: skip


# Customers, and the segment that they belong to.
PLACED = [
    # orders, days since the first, usual days between orders, days since the last, revenue, churn risk
    ((1, 90, 40, 90, 10, 0.6), "new"),
    ((1, 91, 40, 80, 10, 0.49), "promising"),
    ((1, 91, 40, 80, 10, 0.5), "needs attention"),
    ((1, 91, 40, 81, 10, None), "needs attention"),
    ((2, 400, 40, 10, 500, 0.2), "promising"),  # two orders are too few for a champion
    ((9, 400, 40, 80, 500, 0.49), "champions"),
    ((9, 400, 40, 80, 500, None), "champions"),
    ((9, 400, 40, 81, 500, None), "at risk"),
    ((9, 400, 40, 81, 500, 0.24), "champions"),  # late, but almost certain to order
    ((9, 400, 40, 80, 500, 0.66), "at risk"),  # on time, but unlikely to order
    ((3, 200, 40, 80, 15, 0.49), "loyal"),
    ((3, 200, 40, 200, 15, 0.24), "loyal"),
    ((3, 300, 40, 240, 15, 0.89), "at risk"),
    ((3, 200, 40, 200, 15, 0.9), "lost"),
    ((3, 300, 40, 241, 15, None), "lost"),
    ((3, 300, 40, 241, 15, 0.74), "at risk"),
    ((3, 300, 40, 241, 15, 0.75), "lost"),
    ((1, 300, 40, 240, 15, 0.89), "needs attention"),
    ((1, 300, 40, 300, 500, 0.74), "at risk"),  # one large order
    ((1, 700, 40, 700, 15, 0.98), "lost"),
    ((2, 300, 20.5, 123, 15, None), "needs attention"),
    ((2, 300, 20.5, 124, 15, None), "lost"),
    ((0, None, None, None, -5, None), "no orders"),
    *[((2, 200, 40, 20, 20, 0.3), "promising")] * 25,  # so only a revenue of 500 is in the highest fifth
]


STAGES = {
    "new": "new", "promising": "active", "champions": "active", "loyal": "active", "at risk": "slipping",
    "needs attention": "slipping", "lost": "lapsed", "no orders": "no orders",
}  # fmt: skip


def test_the_names_of_segments_are_true(shop: dict, module_home: settings.Settings):
    query = dbt_calls.compiled("customer_standings", {"as_of_date": AS_OF, "run_id": "placed"}, module_home)
    known = "orders_count, first_order_on, expected_gap_days, days_since_last_order, revenue_total"
    with db.connect() as connection:
        # For these customers only the columns that the rules use are filled in.
        connection.execute("create temporary table features (like features.customer_features)")
        for column in connection.execute(
            "select attname from pg_attribute where attrelid = 'features'::regclass and attnotnull and attnum > 0"
        ).fetchall():
            connection.execute(f"alter table features alter {column[0]} drop not null")  # type: ignore[arg-type]
        for number, ((orders, first, gap, silence, revenue, risk), _) in enumerate(PLACED):
            key, of = f"{number:032d}", (AS_OF, "placed")
            connection.execute(
                f"""insert into features (as_of_date, run_id, customer_key, {known})
                values (%s, %s, %s, %s, %s::date - %s::int, %s, %s, %s)""",
                (*of, key, orders, AS_OF, first, gap, silence, revenue),
            )
            connection.execute(
                f"""insert into {tables.CUSTOMER_PREDICTIONS} (as_of_date, run_id, customer_key, horizon_days, status,
                    p_purchase) values (%s, %s, %s, 365, 'scored', %s)""",
                (*of, key, None if risk is None else 1 - risk),
            )
        connection.execute(f"insert into {tables.PROFIT_MARGIN} values (%s, %s, 1, 'revenue')", (AS_OF, "placed"))
        placed = re.sub(r'"\w+"\."features"\."customer_features"', "features", query)
        found = connection.execute(
            f"select segment, lifecycle_stage from ({placed}) as stages order by customer_key"  # type: ignore[arg-type]
        ).fetchall()
        connection.rollback()
    assert found == [(segment, STAGES[segment]) for _, segment in PLACED]


def test_transitions_between_segments_since_thirty_days_before(shop: dict):
    found = table("analytics_runs.segment_transitions", "from_segment, to_segment, customers, historic_revenue")
    # At that time, six usual gaps had passed since the last order, and there was no forecast for d.
    assert found == [
        ("lost", "needs attention", 1, Decimal("20.00")),
        ("no orders", "no orders", 1, Decimal("-5.50")),
        ("not yet a customer", "new", 1, Decimal("70.01")),
        ("promising", "promising", 1, Decimal("85.00")),
    ]


def test_personas_are_described_and_assigned(shop: dict):
    columns = "persona, name, customers, share_of_customers, average_orders_count, average_order_value, predicted_clv"
    found = [tuple(map(str, row)) for row in table("analytics_runs.personas", columns)]
    assert found == [
        ("long-silent--few-products", "long silent, few products", "2", "0.6667", "1.00", "45.01", "36.00"),
        ("orders-often--new", "orders often, new", "1", "0.3333", "2.00", "42.50", "36.00"),
    ]
    assert table("analytics_runs.customer_segments", "customer_key, persona") == [
        (customer("a"), "orders-often--new"),
        (customer("b"), "long-silent--few-products"),
        (customer("c"), None),
        (customer("d"), "long-silent--few-products"),
    ]
