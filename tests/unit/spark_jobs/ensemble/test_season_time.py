"""Season time, on years whose days can be counted by hand."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_jobs.ensemble import season_time
from spark_jobs.ensemble.calibration import Daily
from spark_jobs.ensemble.season_time import Clock
from spark_jobs.features.columns import YEAR

DAY = date(2024, 1, 1)
# Half a year of slack days of 0.5 each; the other 182 days make up for them.
HALVES = Clock((0.5,) * 183 + ((YEAR - 0.5 * 183) / 182,) * 182)


def daily(money: np.ndarray, new: float = 0.2) -> Daily:
    """A shop's revenue on the days before DAY."""
    return Daily(DAY - timedelta(days=len(money)), money, new * money)


def test_slack_days_hold_less_season_time_than_busy_ones() -> None:
    passed = HALVES.passed(np.array([0.0, 10.0, 183.0, 365.0, 375.0]))
    assert passed == pytest.approx([0, 5, 91.5, 365, 370])


def test_days_before_the_date_repeat_the_year() -> None:
    busy = (YEAR - 0.5 * 183) / 182
    assert HALVES.passed(np.array([-10.0, -365.0])) == pytest.approx([-10 * busy, -365])


def test_without_a_season_a_day_is_a_day() -> None:
    assert Clock().passed(np.array([-3.0, 0.0, 400.0])).tolist() == [-3, 0, 400]
    assert Clock().unevenness(np.array([30.0])).tolist() == [0]


def test_unevenness_is_the_variation_of_rates_and_zero_for_whole_years() -> None:
    uneven = HALVES.unevenness(np.array([1.0, 365.0, 500.0]))
    busy = (YEAR - 0.5 * 183) / 182
    assert uneven == pytest.approx([(183 * 0.5**2 + 182 * busy**2) / YEAR - 1, 0, 0], abs=1e-9)


def test_season_time_follows_last_years_revenue() -> None:
    # Two equal years, each with a tenth more revenue in its first hundred days. Weekdays are smoothed.
    year = np.where(np.arange(YEAR) < 100, 110.0, 100.0)
    rates = np.array(season_time.clock(daily(np.tile(year, 2)), DAY).rates)
    assert rates[50] / rates[200] == pytest.approx(1.1)
    assert rates.mean() == pytest.approx(1)
    # Four of the seven days around it are busy.
    assert rates[99] / rates[200] == pytest.approx((4 * 110 + 3 * 100) / 700)


def test_growth_is_no_season() -> None:
    # Revenue grows evenly, by half each year. The clock's first and last months have the same rate, except for the
    # curve within a year.
    rates = season_time.clock(daily(1.5 ** (np.arange(3 * YEAR) / YEAR)), DAY).rates
    assert np.mean(rates[30:60]) == pytest.approx(np.mean(rates[-60:-30]), rel=0.01)


@pytest.mark.parametrize(
    "shop",
    [
        daily(np.ones(YEAR - 1)),  # less than a year of history
        # The fast decline of a closed cohort is not a season.
        daily(np.exp(-np.arange(2 * YEAR) / 200), new=0),
        daily(np.zeros(2 * YEAR)),
    ],
)
def test_there_is_no_season_time_without_confidence_in_a_season(shop: Daily) -> None:
    assert season_time.clock(shop, DAY) == Clock()


@given(seed=st.integers(0, 10_000), days=st.integers(366, 1100), closed=st.floats(0, 0.9))
@settings(max_examples=50, deadline=None)
def test_season_time_always_rises_and_a_year_has_365_days(seed: int, days: int, closed: float) -> None:
    drawn = np.random.default_rng(seed)
    money = drawn.gamma(0.5, 100, days) * (drawn.random(days) >= closed)
    clock = season_time.clock(daily(money), DAY)
    passed = clock.passed(np.arange(-800.0, 801.0))
    assert (np.diff(passed) > 0).all()
    assert passed[800] == 0
    assert passed[YEAR:] - passed[:-YEAR] == pytest.approx(np.full(1601 - YEAR, YEAR))
    assert (clock.unevenness(np.array([7.0, 90.0, 365.0])) >= 0).all()
