"""The estimate of new customers, on shops worked out by hand."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_jobs.ensemble.new_customers import NewCustomers, estimate, expected

FIRST = date(2023, 1, 1)


def shop(counts: list[int] | np.ndarray, amount: float = 10.0) -> NewCustomers:
    """A shop with so many new customers on each day, each of whom pays once, on the same day."""
    days = np.arange(len(counts))
    return NewCustomers(FIRST, np.array(counts, float), days, days, np.array(counts) * amount)


def test_a_constant_rate_of_new_customers_continues() -> None:
    assert estimate(shop([1] * 100), 100, 90) == (pytest.approx(90), pytest.approx(10))
    assert estimate(shop([0, 0]), 2, 90) == (0, 0)
    assert estimate(shop([]), 0, 90) == (0, 0)


def test_three_quarters_of_a_fall_continue_and_a_rise_does_not() -> None:
    # 200 customers in 50 days, then 50 in 50 days: ln(51 / 201) = -1.3715, of which .75 continue: .020573 a day.
    # Starting from one a day in the middle of the last 50 days, 90 days give exp(-.5143) (1 - exp(-1.8515)) / .020573 =
    # 24.50.
    assert estimate(shop([4] * 50 + [1] * 50), 100, 90)[0] == pytest.approx(24.50, abs=0.01)
    assert estimate(shop([1] * 50 + [4] * 50), 100, 90)[0] == pytest.approx(360)


def test_last_years_same_days_have_a_quarter_of_the_weight() -> None:
    # In 455 days, each half of 227 days has 227 customers, and the earlier one 90 more in the 90 days that began a year
    # ago.
    counts = np.ones(455)
    counts[90:180] = 2
    late, early = 227, 227 + 90
    fall = 0.75 * np.log((late + 1) / (early + 1)) / 227
    paced = np.exp(fall * 113.5) * np.expm1(fall * 90) / fall
    last_year = 180 * np.exp(fall * 365)
    assert estimate(shop(counts), 455, 90)[0] == pytest.approx((last_year + 1) ** 0.25 * (paced + 1) ** 0.75 - 1)


def test_revenue_per_new_customer_comes_from_windows_as_long_as_the_horizon() -> None:
    # A customer arrives on each even day and pays 10, and again 10 after 60 days. Of the 45 customers in a window of 90
    # days, 15 pay twice.
    arrived = np.arange(0, 400, 2)
    paid = arrived + 60
    known = paid < 400
    counts = np.zeros(400)
    counts[arrived] = 1
    both = np.concatenate([arrived, arrived[known]]), np.concatenate([arrived, paid[known]])
    found = NewCustomers(FIRST, counts, *both, np.full(len(both[0]), 10.0))
    assert estimate(found, 400, 90)[1] == pytest.approx(10 * (45 + 15) / 45)


@pytest.mark.parametrize("horizon", [365, 730, 1095])
def test_a_constant_rate_continues_for_years(horizon: int) -> None:
    # One customer arrives a day for eight years, and pays 10 at once and every 100 days.
    arrived = np.repeat(np.arange(8 * 365), 30)
    paid = arrived + 100 * np.tile(np.arange(30), 8 * 365)
    known = paid < 8 * 365
    found = NewCustomers(FIRST, np.ones(8 * 365), arrived[known], paid[known], np.full(known.sum(), 10.0))
    customers, value = estimate(found, 8 * 365, horizon)
    assert customers == pytest.approx(horizon, abs=1)
    # A customer who arrives on day d of the horizon pays after 0, 100, … days, until the horizon ends.
    truth = sum(10 * (1 + (horizon - 1 - day) // 100) for day in range(horizon)) / horizon
    assert value == pytest.approx(truth)


def test_a_closed_cohort_gains_hardly_any_customers() -> None:
    found = expected(shop([50] * 30 + [0] * 300), [90, 180, 365])
    assert all(one.customers[:2] == (pytest.approx(0, abs=0.01), 0) for one in found.values())
    assert found[90].customers[2] < 10


@given(
    counts=st.lists(st.integers(0, 30), max_size=40),
    repeated=st.integers(1, 20),
    amount=st.floats(0, 1000),
)
@settings(max_examples=60, deadline=None)
def test_longer_horizons_gain_no_fewer_customers_and_have_no_narrower_intervals(
    counts: list[int], repeated: int, amount: float
) -> None:
    found = expected(shop(np.repeat(counts, repeated).astype(int), amount), [365, 90, 180])
    assert list(found) == [90, 180, 365]
    for one in found.values():
        for middle, low, high in (one.customers, one.revenue):
            assert 0 <= low <= middle + 1e-9
            assert middle <= high + 1e-9
    for shorter, longer in pairwise(found.values()):
        for before, after in ((shorter.customers, longer.customers), (shorter.revenue, longer.revenue)):
            assert all(a <= b + 1e-9 for a, b in zip(before, after, strict=True))
            assert before[2] - before[1] <= after[2] - after[1] + 1e-9
