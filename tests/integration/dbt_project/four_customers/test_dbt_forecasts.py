"""Cohorts, totals and months of the shop of four customers. Expected values are computed by hand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from math import exp, log, sqrt

import numpy as np
import pytest
from four_customers import AS_OF, table
from scipy.interpolate import PchipInterpolator

from clv.warehouse import db


def test_cohorts_have_actual_and_expected_revenue(shop: dict):
    known = table(
        "analytics_runs.cohort_value", "cohort_month, month_number, active_customers, revenue, profit", "revenue <> 0"
    )
    assert [(f"{row[0]:%Y-%m}", *map(str, row[1:])) for row in known] == [
        ("2023-05", "0", "1", "20.00", "8.00"),
        ("2024-01", "0", "1", "50.00", "50.00"),
        ("2024-01", "2", "1", "35.00", "35.00"),
        ("2024-02", "0", "0", "-5.50", "-5.50"),  # customer c never ordered
        ("2024-05", "0", "1", "70.01", "70.01"),
    ]
    columns = "month_number, predicted_revenue, cumulative_revenue, cumulative_revenue_low, cumulative_revenue_high"
    of_a = table(
        "analytics_runs.cohort_value", columns, "cohort_month = '2024-01-01' and month_number in (4, 5, 16, 24)"
    )
    # 100 a year, spread evenly, are 8.22 in 30 days. Of the 400 of the four years after that, the share expected by the
    # end of month 24, which is 610 days ahead, is ln(610 / 365) / ln(5). The band is 1.6 times the model's error of
    # 0.25.
    after_a_year = 400 * log(610 / 365) / log(5)
    assert [tuple(map(float, row[1:])) for row in of_a[1:3]] == [
        (8.22, 93.22, pytest.approx(85 + 8.22 * 0.6, abs=0.01), pytest.approx(85 + 8.22 * 1.4, abs=0.01)),
        (8.49, 185.0, 145.0, 225.0),
    ]
    assert [row[0] for row in of_a] == [4, 5, 16, 24]
    assert of_a[0][1:] == (None, Decimal("85.00"), None, None)
    assert float(of_a[3][2]) == pytest.approx(185 + after_a_year, abs=0.01)


def test_totals_have_bounds_of_their_own_and_stand_beside_last_year(shop: dict):
    columns = "grouped_by, group_name, customers, predicted_revenue, predicted_revenue_low, predicted_revenue_high"
    found = {row[:2]: row[2:] for row in table("analytics_runs.forecast_totals", columns, "horizon_days = 365")}
    # Forecasts of 100, 50 and 50, each with a standard deviation equal to its mean: the variance of the sum is 15000,
    # over 200 ^ 2, which in logarithms is ln(1.375). The shared variance is 0.1 in logarithms, for groups 0.05 more.
    # The 90th percentile is 1.2816 standard deviations above the middle.
    own = log(1.375)
    around = [200 * exp(sign * 1.2816 * sqrt(0.1**2 + own) - own / 2) for sign in (-1, 1)]
    assert found["all", "all"][:2] == (3, Decimal("200.00"))
    assert [float(end) for end in found["all", "all"][2:]] == pytest.approx(around, abs=0.01)
    around = [100 * exp(sign * 1.2816 * sqrt(0.1**2 + 0.05**2 + log(2)) - log(2) / 2) for sign in (-1, 1)]
    assert found["value_tier", "Platinum"][:2] == (1, Decimal("100.00"))
    assert [float(end) for end in found["value_tier", "Platinum"][2:]] == pytest.approx(around, abs=0.01)
    assert sum(row[0] for (kind, _), row in found.items() if kind == "segment") == 3
    ends = "predicted_revenue_low, predicted_revenue_high"
    segments = table("analytics_runs.segment_summary", f"segment, {ends}", "customers_scored > 0")
    assert {row[0]: row[1:] for row in segments} == {
        name: row[2:] for (kind, name), row in found.items() if kind == "segment"
    }


def test_customers_to_come_stand_beside_the_sum_of_all(shop: dict):
    ends = "new_customers, new_customers_low, new_customers_high"
    ends += ", new_customers_revenue, new_customers_revenue_low, new_customers_revenue_high"
    found = table("analytics_runs.forecast_totals", f"horizon_days, last_year_revenue, {ends}", "grouped_by = 'all'")
    # Customers a and b brought 85.00 and 70.01 in the year before. Customer d, the third with a forecast, ordered 380
    # days ago.
    to_come = (2, 1, 5, Decimal("60.13"), Decimal("30.00"), Decimal("110.00"))
    assert found == [
        (90, Decimal("0.00"), *to_come),
        (180, Decimal("0.00"), *to_come),
        (365, Decimal("155.01"), *to_come),
    ]
    assert table("analytics_runs.forecast_totals", "new_customers", "grouped_by <> 'all' and new_customers > 0") == []


def test_months_to_come_add_up_to_the_horizons(shop: dict):
    columns = "month::text, from_on::text, days, customers, expected_orders, predicted_revenue, revenue_year_before"
    found = table("analytics_runs.forecast_months", columns)
    assert [row[:4] for row in found[:2]] == [("2024-06-01", "2024-06-01", 30, 3), ("2024-07-01", "2024-07-01", 31, 3)]
    assert [row[0] for row in found[-2:]] == ["2025-04-01", "2025-05-01"]
    # Orders of the year before: one each in January, March and May, and ten spread evenly. Days are weighted by the
    # orders per day of their month. The totals at the horizons are 49.32, 98.63 and 200.00, with a monotone curve
    # through them.
    dense = [1 / 31 if month in (1, 3, 5) else 0 for month in range(13)]
    days = [date.fromisoformat(AS_OF) + timedelta(days=number) for number in range(365)]
    clock = np.concatenate([[0], np.cumsum([dense[day.month] + 10 / 365 for day in days])])
    curve = PchipInterpolator(clock[[0, 90, 180, 365]], [0, 49.32, 98.63, 200])
    by_month = {row[0][:7]: row[5] for row in found}
    for month, money in by_month.items():
        places = [number for number, day in enumerate(days) if f"{day:%Y-%m}" == month]
        expected = curve(clock[places[-1] + 1]) - curve(clock[places[0]])
        assert float(money) == pytest.approx(expected, abs=0.011), month
    assert sum(by_month.values()) == Decimal("200.00")
    assert sum(row[4] for row in found) == Decimal("1.45")
    assert {row[0][:7]: row[6] for row in found if row[6]} == {
        "2025-01": Decimal("50.00"), "2025-03": Decimal("35.00"), "2025-05": Decimal("70.01"),
    }  # fmt: skip


def test_cohorts_and_segments_add_up_to_the_orders(shop: dict):
    sums = """
        select
            (select sum(net_revenue) from analytics_runs.fct_orders),
            (select sum(revenue) from analytics_runs.cohort_value),
            (select sum(customers) from analytics_runs.cohort_value where month_number = 0),
            (select sum(customers) from analytics_runs.segment_transitions)
    """
    assert db.rows(sums) == [(Decimal("169.51"), Decimal("169.51"), 4, 4)]
