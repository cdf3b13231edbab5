"""Rows received, orders, refunds, features and examples of the shop of four customers. Expected values are computed by
hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from four_customers import table
from raw_rows import customer

from clv.catalog import tables


def test_every_row_received_is_accounted_for(shop: dict):
    counts = table(
        tables.STG_BATCH_COUNTS,
        "file_name, rows_received, rows_unreadable, rows_accepted, rows_duplicate, rows_replaced, rows_withdrawn, "
        "rows_by_rule, rows_missing_amount, rows_missing_customer, rows_rejected",
    )
    assert counts == [
        ("corrections.csv", 1, 0, 1, 0, 0, 0, 0, 0, 0, 0),
        ("mistake.csv", 1, 0, 0, 0, 0, 1, 0, 0, 0, 0),
        ("orders.csv", 15, 1, 9, 1, 1, 0, 1, 1, 1, 4),
        ("spend-corrected.csv", 1, 0, 1, 0, 0, 0, 0, 0, 0, 0),
        ("spend.csv", 4, 0, 3, 0, 1, 0, 0, 0, 0, 0),
    ]
    reasons = {reason for (reason,) in table(tables.SET_ASIDE_LINES, "reason")}
    assert reasons == {"withdrawn", "replaced", "test_order", "missing_amount", "missing_customer"}
    assert shop["staging"]["rows"]["stg_order_lines"] == 10


def test_orders_and_refunds(shop: dict):
    found = table(tables.INT_ORDERS, "order_key, gross_revenue, cost, lines, products, main_category, channel")
    assert found == [
        ("shop:1", Decimal("50.00"), None, 2, 2, "desk", "web"),
        ("shop:10", Decimal("0.00"), None, 1, 1, None, None),
        ("shop:2", Decimal("45.00"), None, 1, 1, None, None),
        ("shop:3", Decimal("70.005"), None, 1, 1, None, None),
        ("shop:4", Decimal("500.00"), None, 1, 1, None, None),
        ("shop:5", Decimal("27.00"), None, 2, 2, None, None),
    ]
    assert table(tables.INT_REFUNDS, "refund_order_key, order_key, link, amount") == [
        ("shop:r1", "shop:2", "last_purchase", Decimal("-10.00")),
        ("shop:r2", None, "none", Decimal("-5.50")),
    ]


def test_features_count_what_lies_before_the_date(shop: dict):
    found = table(
        tables.CUSTOMER_FEATURES,
        "customer_key, orders_count, days_with_orders, revenue_total, revenue_90, t, distinct_products, "
        "historic_profit",
    )
    assert found == [
        (customer("a"), 2, 2, 85.0, 35.0, 143.0, 2.0, None),
        (customer("b"), 1, 1, 70.005, 70.005, 1.0, 1.0, None),
        (customer("c"), 0, 0, -5.5, 0.0, None, 0.0, None),
        (customer("d"), 1, 1, 20.0, 0.0, 397.0, 2.0, 8.0),
    ]


def test_examples_know_the_outcomes_of_closed_windows_only(shop: dict):
    outcomes = "(revenue_next->>'90')::float, (revenue_next->>'180')::float"
    found = table(tables.TRAINING_EXAMPLES, f"as_of_date, customer_key, orders_count, {outcomes}")
    first, second = date(2024, 2, 3), date(2024, 3, 3)
    assert found == [  # without customer c, who has never bought and is not forecast
        (first, customer("a"), 1, 35.0, None),
        (first, customer("d"), 1, 0.0, None),
        (second, customer("a"), 1, 35.0, None),
        (second, customer("d"), 1, 0.0, None),
    ]


def test_orders_as_analysts_see_them(shop: dict):
    found = table(
        "analytics_runs.fct_orders", "order_key, kind, order_number, gross_revenue, refunds, net_revenue, profit"
    )
    money = [(*row[:3], *map(str, row[3:])) for row in found]
    assert money == [
        ("shop:1", "order", 1, "50.00", "0.00", "50.00", "50.00"),
        ("shop:10", "free", None, "0.00", "0.00", "0.00", "0.00"),
        ("shop:2", "order", 2, "45.00", "-10.00", "35.00", "35.00"),
        ("shop:3", "order", 1, "70.01", "0.00", "70.01", "70.01"),
        ("shop:5", "order", 1, "20.00", "0.00", "20.00", "8.00"),
        ("shop:r2", "refund_only", None, "0.00", "-5.50", "-5.50", "-5.50"),
    ]


def test_orders_know_their_time_their_discount_and_when_they_were_refunded(shop: dict):
    found = table("analytics_runs.fct_orders", "order_key, campaign, discount_code", "campaign is not null")
    assert found == [("shop:1", "spring", "TEN")]
    columns = "order_key, ordered_at::text, discount::text, refunded_on::text, last_refunded_on::text"
    assert table("analytics_runs.fct_orders", columns) == [
        ("shop:1", "2024-01-10 10:00:00", "3.50", None, None),
        ("shop:10", "2024-02-20 08:00:00", "0.00", None, None),
        ("shop:2", "2024-03-10 09:00:00", "0.00", "2024-04-01", "2024-04-01"),
        ("shop:3", "2024-05-31 23:59:59", "0.00", None, None),
        ("shop:5", "2023-05-01 08:00:00", "0.00", None, None),
        ("shop:r2", "2024-02-01 08:00:00", "0.00", "2024-02-01", "2024-02-01"),
    ]


def test_lines_add_up_to_the_orders_they_count_for(shop: dict):
    columns = "order_key, product_id, is_refund, amount::text, discount::text, amount_before_discount::text, cost::text"
    assert table(tables.ORDER_LINES_OF_RUNS, columns) == [
        ("shop:1", "ink", False, "30.01", None, "30.01", None),
        ("shop:1", "pen", False, "19.99", "3.50", "23.49", None),
        ("shop:10", "gift", False, "0.00", None, "0.00", None),
        ("shop:2", "pen", False, "45.00", None, "45.00", None),
        ("shop:2", "pen", True, "-10.00", None, None, None),
        ("shop:3", "pen", False, "70.005", None, "70.005", None),
        ("shop:5", "pen", False, "20.00", None, "20.00", "12.00"),
        ("shop:r2", "pen", True, "-5.50", None, None, None),
    ]


def test_facts_count_the_rows(shop: dict):
    assert shop["features"]["rows"] == {
        "customer_features": 4,
        "order_line_states": 1,
        "customer_segments_before": 3,
        "channel_spend": 2,
        "channel_month_spend": 3,
        "order_costs": 0,
        "order_payments": 0,
        "order_fulfilment": 0,
        "customer_profiles": 0,
        "product_sales": 0,
        "identity_summary": 0,
    }
    assert shop["analytics"]["rows"]["revenue_bridge"] == 20
    assert shop["analytics"]["rows"]["customer_clv_horizons"] == 12


def test_the_bridge_leads_from_what_the_export_states_to_net_revenue(shop: dict):
    found = table("analytics_runs.revenue_bridge", "source, month, place, step, row_count, amount, balance")
    steps = {(month, step): (rows, str(amount)) for _, month, _, step, rows, amount, _ in found}
    assert {source for source, *_ in found} == {"shop"}
    # 19.99 twice, 30.01, a test order of 9.00, an order of nobody of 1.00, and one without an amount.
    assert {step: value for (month, step), value in steps.items() if month == "2024-01"} == {
        "sales": (6, "79.99"),
        "rejected": (3, "-10.00"),
        "duplicates": (1, "-19.99"),
        "net_revenue": (1, "50.00"),
    }
    # The correction replaces 40.00 by 45.00; the refund of April belongs to this order.
    assert {step: value for (month, step), value in steps.items() if month == "2024-03"} == {
        "sales": (2, "85.00"),
        "replaced": (1, "-40.00"),
        "moved": (0, "-10.00"),
        "net_revenue": (1, "35.00"),
    }
    assert {step: value for (month, step), value in steps.items() if month == "2024-04"} == {
        "refunds": (1, "-10.00"), "moved": (0, "10.00"),
        "net_revenue": (0, "0.00"),
    }  # fmt: skip
    # 70.005 is rounded once.
    assert {step: value for (month, step), value in steps.items() if month == "2024-05"} == {
        "sales": (1, "70.01"), "net_revenue": (1, "70.01"),
    }  # fmt: skip
    assert steps["unknown", "unreadable"] == (1, "0.00")
    assert [row[-1] for row in found if row[1] == "2024-03"] == [
        Decimal(x) for x in ("85.00", "45.00", "35.00", "35.00")
    ]
