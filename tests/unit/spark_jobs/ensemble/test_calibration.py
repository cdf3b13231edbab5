"""The calibration of the total follows a season that the past confirms, and is small without one."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_jobs.ensemble import calibration
from spark_jobs.ensemble.calibration import Daily, Residual

FIRST = date(2022, 1, 1)


def shop(days: int, rate, share_new: float = 0.3, noise: float = 0.0) -> Daily:
    """A shop with revenue rate(day) on each day, `new` of it from new customers."""
    money = np.array([rate(day) for day in range(days)], float)
    money = money * np.random.default_rng(0).lognormal(0, noise, days)
    return Daily(FIRST, money, share_new * money)


def season(daily: Daily, horizon_days: int = 90) -> tuple[float, float]:
    return calibration.season(*daily.before(FIRST + timedelta(days=len(daily.money))), horizon_days)


def yearly(day: int) -> float:
    return 100 * (1 + 0.5 * np.cos(2 * np.pi * day / 365))


def test_the_season_of_last_year_is_followed() -> None:
    s, confidence = season(shop(800, yearly))
    coming = np.mean([yearly(day) for day in range(800, 890)]) / 100
    assert confidence == 1
    assert np.sign(s) == np.sign(np.log(coming))
    assert abs(s - np.log(coming)) < 0.15


def test_a_shop_without_a_year_of_history_has_no_season() -> None:
    assert season(shop(365, yearly)) == (0, 0)


def test_confidence_grows_from_a_year_to_a_year_and_a_quarter_of_history() -> None:
    assert [round(season(shop(days, yearly))[1], 3) for days in (367, 372, 410, 455, 700)] == [0.5, 0.769, 0.875, 1, 1]


@pytest.mark.parametrize("days", [366, 400, 500])
def test_a_launch_is_not_mistaken_for_a_season(days: int) -> None:
    s, confidence = season(shop(days, lambda day: min(day / 200, 1) * 100))
    assert abs(s * confidence) < 0.01


@pytest.mark.parametrize("days", [400, 700, 1000])
def test_the_decline_of_a_closed_cohort_is_not_mistaken_for_a_season(days: int) -> None:
    money = shop(days, lambda day: 100 * np.exp(-day / 200)).money
    assert season(Daily(FIRST, money, np.where(np.arange(days) < 90, money, 0)))[1] == 0


@pytest.mark.parametrize("days", [500, 700, 900])
def test_steady_growth_is_no_season(days: int) -> None:
    s, confidence = season(shop(days, lambda day: 100 * 2 ** (day / 365)))
    assert abs(s * confidence) < 0.05


def test_days_without_revenue_are_not_mistaken_for_a_season() -> None:
    closed_then = shop(1100, lambda day: 0 if 1100 - 365 <= day < 1100 - 275 else 100)
    assert season(closed_then)[1] == 0
    opened_lately = shop(900, lambda day: 100 if day == 0 or day >= 700 else 0)
    assert season(opened_lately)[1] == 0


def test_one_enormous_day_is_capped() -> None:
    plain = shop(500, lambda day: 100 + day % 7)
    plain.money[200] = 1e6
    assert plain.before(FIRST + timedelta(days=500))[0].max() < 600


def test_nothing_after_the_date_is_used() -> None:
    daily, day = shop(800, yearly, noise=0.2), FIRST + timedelta(days=600)
    changed = Daily(FIRST, np.where(np.arange(800) >= 600, 9e9, daily.money), daily.new)
    assert calibration.log_calibration(daily, day, 90, []) == calibration.log_calibration(changed, day, 90, [])
    late = Residual(90, day + timedelta(days=1), 0.3, True)
    assert calibration.log_calibration(daily, day, 90, [late]) == calibration.log_calibration(daily, day, 90, [])


def test_a_residual_counts_half_after_its_half_life_and_is_bounded() -> None:
    daily, day = shop(300, lambda _: 100.0), FIRST + timedelta(days=300)
    assert calibration.log_calibration(daily, day, 200, [Residual(200, day, 0.2, False)]) == pytest.approx(0.1)
    assert (
        calibration.log_calibration(daily, day, 200, [Residual(200, day, 9.0, False)]) == calibration.LARGEST_RESIDUAL
    )
    old = Residual(200, day - timedelta(days=60), 0.2, False)
    both = calibration.log_calibration(daily, day, 200, [Residual(200, day, -0.1, False), old])
    assert both == pytest.approx(0.5 * (-0.1 + 0.5 * 0.2) / 1.5)


def test_the_residual_of_buyers_is_corrected_beyond_a_tolerance() -> None:
    day = FIRST + timedelta(days=300)

    def buyers_of(window: int, age: int, buyers: float) -> Residual:
        return Residual(window, day - timedelta(days=age), 0.0, False, buyers)

    assert calibration.log_buyers(day, 90, []) == 0
    assert calibration.log_buyers(day, 90, [buyers_of(90, 0, 0.09)]) == 0
    assert calibration.log_buyers(
        day, 90, [buyers_of(90, 0, -0.25), buyers_of(30, 0, 9.0), buyers_of(90, -1, 9.0)]
    ) == pytest.approx(-0.15)
    assert calibration.log_buyers(day, 90, [buyers_of(90, 0, -0.5), buyers_of(90, 60, -0.2)]) == pytest.approx(
        -0.4 + 0.1
    )
    assert calibration.log_buyers(day, 90, [buyers_of(90, 0, -9.0)]) == -calibration.LARGEST_BUYER_RESIDUAL


def test_a_residual_separates_buyers_from_money() -> None:
    daily = shop(300, lambda _: 100.0)
    found = calibration.residual(daily, FIRST, 90, FIRST + timedelta(days=90), (80.0, 100.0), (30.0, 50.0))
    assert found.value == pytest.approx(np.log(0.8))
    assert found.buyers == pytest.approx(np.log(0.6) - 0.7 * np.log(0.8))
    p = np.array([0.2, 0.6])
    assert calibration.share_of_buyers(p, 0.0, np.log(0.5)) == pytest.approx(0.2)


def test_long_horizons_also_use_residuals_of_windows_of_half_their_length() -> None:
    windows = {30, 60, 90, 180, 365}
    assert [calibration.relevant_windows(h, windows) for h in (90, 180, 365, 1825)] == [
        [90],
        [180, 90],
        [365, 180],
        [365],
    ]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.floats(0, 1e7), min_size=1, max_size=900),
    st.floats(0, 1),
    st.lists(st.floats(-50, 50), max_size=5),
    st.sampled_from([30, 90, 365, 1095]),
)
def test_the_calibration_is_bounded_for_any_history(money: list, share: float, values: list, horizon_days: int) -> None:
    daily = Daily(FIRST, np.array(money), share * np.array(money))
    day = FIRST + timedelta(days=len(money))
    residuals = [Residual(horizon_days, day, value, True) for value in values]
    assert (
        abs(calibration.log_calibration(daily, day, horizon_days, residuals))
        <= calibration.LARGEST_SEASON + calibration.LARGEST_RESIDUAL
    )


def test_the_calibration_changes_occasional_customers_more_than_heavy_ones() -> None:
    logs = np.log([0.1, 1.0, 10.0])
    moved = calibration.tilted(logs, 0.5)
    assert moved[1] == 0
    assert moved[0] > logs[0]
    assert moved[2] == pytest.approx(logs[2] - 0.3 * 0.5 * 0.7)
