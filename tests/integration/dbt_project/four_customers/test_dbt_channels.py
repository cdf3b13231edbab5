"""What customers of each channel cost and bring, and what drives their value. Expected values are computed by hand."""

from __future__ import annotations

from datetime import date

from four_customers import table


def test_channels_know_what_a_customer_costs_and_brings(shop: dict):
    columns = "channel, customers, spend, cac, ltv, ltv_to_cac, payback_month, revenue, profit, predicted_clv"
    found = [[None if v is None else str(v) for v in row] for row in table("analytics_runs.channel_value", columns)]
    assert found == [
        # Customer b is acquired through no known channel, and the month is not over. Customer d ordered before the days
        # with ad spend.
        ["not known", "1", None, None, "88.01", None, None, "70.01", "70.01", "18.00"],
        ["poster", "0", "5.00", None, None, None, None, "0.00", "0.00", None],
        # Customer a brought 50 in the month of the first order, and 35 two months later.
        ["web", "1", "60.00", "60.00", "121.00", "2.02", "2", "85.00", "85.00", "36.00"],
    ]
    assert set(table("analytics_runs.channel_value", "covered_from, covered_to")) == {
        (date(2024, 1, 1), date(2024, 5, 31))
    }


def test_channels_by_month_of_acquisition(shop: dict):
    columns = (
        "channel, cohort_month::text, customers, revenue, ltv, covered_customers, spend, cac, ltv_to_cac, payback_month"
    )
    found = [[None if v is None else str(v) for v in row] for row in table("analytics_runs.channel_cohorts", columns)]
    assert found == [
        [
            "not known",
            "2023-05-01",
            "1",
            "20.00",
            "26.00",
            "0",
            None,
            None,
            None,
            None,
        ],  # d: before known spend
        ["not known", "2024-05-01", "1", "70.01", "88.01", "1", None, None, None, None],
        ["poster", "2024-02-01", "0", "0.00", None, "0", "5.00", None, None, None],
        ["web", "2024-01-01", "1", "85.00", "121.00", "1", "30.00", "30.00", "4.03", "0"],
        ["web", "2024-05-01", "0", "0.00", None, "0", "30.00", None, None, None],
    ]


def test_what_drives_the_value_of_a_group(shop: dict):
    columns = "customers, active_customers, orders_count, average_order_value, purchase_frequency"
    columns += ", customers_before, retention"
    found = table("analytics_runs.customer_economics", columns, "grouped_by = 'all'")
    # Customer a ordered twice and b once in the last year. Customer d ordered in the year before and not again.
    assert [tuple(map(str, row)) for row in found] == [("3", "2", "3", "51.67", "1.5000", "1", "0.0000")]
    columns = "name, expected_lifetime_years, repurchase_clv, predicted_clv, lifetime_clv"
    found = table("analytics_runs.customer_economics", columns, "grouped_by = 'channel'")
    assert [[None if v is None else str(v) for v in row] for row in found] == [
        ["not known", "1.00", "0.00", "18.00", "90.00"],
        ["web", None, None, "36.00", "180.00"],
    ]
