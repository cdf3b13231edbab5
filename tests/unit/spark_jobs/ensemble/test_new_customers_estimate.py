"""Customers still to come, on shops worked out by hand."""

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
    """So many newcomers on each day, each of whom pays once, on the day itself."""
    days = np.arange(len(counts))
    return NewCustomers(FIRST, np.array(counts, float), days, days, np.array(counts) * amount)


def test_an_even_pace_goes_on_and_everybody_brings_the_same() -> None:
    assert estimate(shop([1] * 100), 100, 90) == (pytest.approx(90), pytest.approx(10))
    assert estimate(shop([0, 0]), 2, 90) == (0, 0)
    assert estimate(shop([]), 0, 90) == (0, 0)


def test_a_falling_pace_falls_on_by_three_quarters_and_a_rising_one_stays() -> None:
    # 200 in 50 days, then 50 in 50 days: ln(51 / 201) = -1.3715 in 50 days, .75 of it .020573 a day; from the middle of
    # the last 50 days on: exp(-.5143) (1 - exp(-1.8515)) / .020573 = 24.50 days of one a day.
    assert estimate(shop([4] * 50 + [1] * 50), 100, 90)[0] == pytest.approx(24.50, abs=0.01)
    assert estimate(shop([1] * 50 + [4] * 50), 100, 90)[0] == pytest.approx(360)


def test_last_years_same_days_have_a_quarter_of_the_weight() -> None:
    # 455 days: the halves of 227 days bring 227 each, but for 90 more on the 90 days that began a year ago.
    counts = np.ones(455)
    counts[90:180] = 2
    late, early = 227, 227 + 90
    fall = 0.75 * np.log((late + 1) / (early + 1)) / 227
    paced = np.exp(fall * 113.5) * np.expm1(fall * 90) / fall
    last_year = 180 * np.exp(fall * 365)
    assert estimate(shop(counts), 455, 90)[0] == pytest.approx((last_year + 1) ** 0.25 * (paced + 1) ** 0.75 - 1)


def test_what_newcomers_bring_is_taken_from_windows_as_long_as_the_horizon() -> None:
    # One on each even day, who pays 10 and again 10 after 60 days: of the 45 of a window of 90 days, 15 pay twice.
    came = np.arange(0, 400, 2)
    paid = came + 60
    known = paid < 400
    counts = np.zeros(400)
    counts[came] = 1
    both = np.concatenate([came, came[known]]), np.concatenate([came, paid[known]])
    found = NewCustomers(FIRST, counts, *both, np.full(len(both[0]), 10.0))
    assert estimate(found, 400, 90)[1] == pytest.approx(10 * (45 + 15) / 45)


@pytest.mark.parametrize("horizon", [365, 730, 1095])
def test_an_even_pace_goes_on_for_years(horizon: int) -> None:
    # One a day for eight years, each of whom pays 10 at once and every 100 days.
    came = np.repeat(np.arange(8 * 365), 30)
    paid = came + 100 * np.tile(np.arange(30), 8 * 365)
    known = paid < 8 * 365
    found = NewCustomers(FIRST, np.ones(8 * 365), came[known], paid[known], np.full(known.sum(), 10.0))
    customers, value = estimate(found, 8 * 365, horizon)
    assert customers == pytest.approx(horizon, abs=1)
    # Who comes on day d of the horizon pays at 0, 100, … days, as long as it lasts.
    truth = sum(10 * (1 + (horizon - 1 - day) // 100) for day in range(horizon)) / horizon
    assert value == pytest.approx(truth)


def test_a_closed_cohort_has_hardly_anybody_to_come() -> None:
    found = expected(shop([50] * 30 + [0] * 300), [90, 180, 365])
    assert all(one.customers[:2] == (pytest.approx(0, abs=0.01), 0) for one in found.values())
    assert found[90].customers[2] < 10


@given(
    counts=st.lists(st.integers(0, 30), max_size=40),
    repeated=st.integers(1, 20),
    amount=st.floats(0, 1000),
)
@settings(max_examples=60, deadline=None)
def test_longer_horizons_have_no_less_to_come_and_no_narrower_intervals(
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
