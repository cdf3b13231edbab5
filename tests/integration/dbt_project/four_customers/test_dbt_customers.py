"""The value of each of four customers, the reasons for it, and the probability of another order. Expected values are
computed by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from four_customers import table

from clv.warehouse import db


def test_value_of_each_customer(shop: dict):
    found = table(
        "analytics_runs.customer_clv",
        "customer_key, status, historic_revenue, historic_profit, predicted_profit, predicted_clv, predicted_clv_high, "
        "lifetime_clv, total_clv, value_tier, clv_percentile",
    )
    # The line of customer d has 8 of profit on 20 of revenue, so the shop's margin is 0.4. Customers b and d have equal
    # forecasts, but b has more historic revenue.
    assert [tuple(str(value) for value in row[1:]) for row in found] == [
        ("scored", "85.00", "85.00", "40.00", "36.00", "72.00", "180.00", "265.00", "Platinum", "100.0000"),
        ("scored", "70.01", "70.01", "20.00", "18.00", "36.00", "90.00", "160.01", "Medium", "66.6700"),
        ("too_little_data", "-5.50", "-5.50", "None", "None", "None", "None", "None", "None", "None"),
        ("scored", "20.00", "8.00", "20.00", "18.00", "36.00", "90.00", "98.00", "Low", "33.3300"),
    ]


def test_stages_and_churn(shop: dict):
    found = table("analytics_runs.customer_clv", "customer_key, churn_band, expected_next_order_on, lifecycle_stage")
    assert [row[1:] for row in found] == [
        ("medium", date(2024, 7, 16), "active"),  # 45 days ahead
        ("very high", None, "new"),
        (None, None, "no orders"),
        ("high", date(2024, 7, 16), "slipping"),
    ]


def test_summary_and_horizons_add_up(shop: dict):
    summary = "select sum(customers), sum(historic_revenue), sum(predicted_clv) from analytics_runs.segment_summary"
    assert db.rows(summary) == [(4, Decimal("169.51"), Decimal("72.00"))]
    # The order of customer d has a cost, the others do not, and the shop has set no margin.
    for name in ("customer_clv", "segment_summary", "channel_value"):
        assert db.rows(f"select distinct profit_basis from analytics_runs.{name}") == [("costs and revenue",)]
    horizons = """
        select horizon_days, count(*), sum(predicted_revenue) from analytics_runs.customer_clv_horizons
        group by horizon_days order by horizon_days
    """
    assert db.rows(horizons) == [
        (90, 4, Decimal("49.32")),
        (180, 4, Decimal("98.64")),
        (365, 4, Decimal("200.00")),
    ]


def test_reasons_add_up_to_the_forecast(shop: dict):
    # A reason's effect of 10 in revenue is 3.60 in discounted profit, since 100 are 36. The average of 36, 18 and 18 is
    # 24.
    found = table("analytics_runs.customer_clv", "customer_key, reasons, reasons_start, reasons_rest")
    start, why = Decimal("24.00"), [{"group": "spend", "reason": "why", "effect": 3.6}]
    assert [row[1:] for row in found] == [
        (why, start, Decimal("8.40")),
        (why, start, Decimal("-9.60")),
        (None, None, None),
        (why, start, Decimal("-9.60")),
    ]


def test_risk_reasons_add_up_to_the_churn_risk_in_percent(shop: dict):
    # The risks of 25, 80 and 50 % have a mean of 51.67 %, and the one reason has 5 points.
    columns = "customer_key, risk_reasons, risk_reasons_start, risk_reasons_rest"
    start, why = Decimal("51.67"), [{"group": "recency", "reason": "ago", "effect": 5.0}]
    assert [row[1:] for row in table("analytics_runs.customer_clv", columns)] == [
        (why, start, Decimal("-31.67")),
        (why, start, Decimal("23.33")),
        (None, None, None),
        (why, start, Decimal("-6.67")),
    ]
