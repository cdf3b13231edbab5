"""The season follows what the past confirms, and closures are no season."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from spark_jobs.ensemble import calibration
from spark_jobs.ensemble.calibration import Daily

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
def test_the_fast_decline_of_a_closed_cohort_is_not_mistaken_for_a_season(days: int) -> None:
    money = shop(days, lambda day: 100 * np.exp(-day / 200)).money
    assert season(Daily(FIRST, money, np.where(np.arange(days) < 90, money, 0)))[1] == 0


def test_a_closed_cohort_has_a_season_as_far_as_a_second_year_shows_its_decline() -> None:
    def cohort(days: int) -> Daily:
        return shop(days, lambda day: yearly(day) * 0.8 ** (day / 365), share_new=0)

    confidence = [season(cohort(days))[1] for days in (365, 365 + 73, 365 + 292, 730, 1000)]
    assert confidence == pytest.approx([0, 0.2 * (0.75 + 0.25 * 73 / 90), 0.8, 1, 1])
    coming = np.mean([yearly(day) for day in range(1000, 1090)]) / 100
    assert abs(season(cohort(1000))[0] - np.log(coming)) < 0.15


@pytest.mark.parametrize("days", [500, 700, 900])
def test_steady_growth_is_no_season(days: int) -> None:
    s, confidence = season(shop(days, lambda day: 100 * 2 ** (day / 365)))
    assert abs(s * confidence) < 0.05


def test_days_without_revenue_are_not_mistaken_for_a_season() -> None:
    closed_then = shop(1100, lambda day: 0 if 1100 - 365 <= day < 1100 - 275 else 100)
    assert season(closed_then)[0] == pytest.approx(0)
    opened_lately = shop(900, lambda day: 100 if day == 0 or day >= 700 else 0)
    assert season(opened_lately)[0] == pytest.approx(0)
    few_days_then = shop(1100, lambda day: 0 if 1100 - 365 <= day < 1100 - 275 and day % 25 else 100)
    assert season(few_days_then)[1] == 0


def test_an_enormous_day_is_capped_unless_it_comes_every_year() -> None:
    plain = shop(800, lambda day: 100 + day % 7)
    for day in (200, 400, 767):  # the last one is 2 days after the year of the second
        plain.money[day] = 1e6
    found = plain.before(FIRST + timedelta(days=800))[0]
    assert found[200] == 5 * np.median(plain.money)
    assert found[400] == found[767] == 1e6
    assert (found[:200] == plain.money[:200]).all()


def test_a_shop_is_closed_in_an_unusual_gap_of_four_weeks() -> None:
    money = np.ones(200)
    money[40:67] = 0  # 27 days without revenue, 28 from the last day with revenue to the next
    assert calibration.open_days(money).all()
    money[100:140] = money[195:] = 0
    assert np.flatnonzero(~calibration.open_days(money)).tolist() == list(range(100, 140))
    assert calibration.ends_in_silence(money)
    assert not calibration.ends_in_silence(money[:195])
    rare = np.where(np.arange(2000) % 30 == 0, 1.0, 0.0)  # a month between orders is usual
    assert calibration.open_days(rare[:1900]).all()
    assert calibration.open_days(np.zeros(50)).all()


def test_a_gap_that_comes_every_year_is_no_closure() -> None:
    year = np.where(np.arange(365) < 120, 0.0, 1.0)
    assert calibration.open_days(np.concatenate([np.ones(365), year, year])).all()
    once = np.concatenate([np.ones(365), year, np.ones(365)])
    assert np.flatnonzero(~calibration.open_days(once)).tolist() == list(range(365, 485))


def test_a_closure_counts_for_some_months_after_the_shop_has_opened_again() -> None:
    is_open = np.array([True] * 50 + [False] * 40 + [True] * 150)
    assert [calibration.days_closed(is_open[:days]) for days in (0, 50, 90, 91, 231, 240)] == [0, 0, 0, 40, 39, 30]


def test_the_days_of_a_closure_have_the_mean_of_the_year_before() -> None:
    money = np.tile([50.0, 150.0], 300)
    money[400:500] = 0
    found, new = Daily(FIRST, money, money / 2).before(FIRST + timedelta(days=600))
    assert found[400:500] == pytest.approx(np.full(100, money[35:400].mean()))
    assert new[400:500] == pytest.approx(found[400:500] / 2)
    assert (found[500:] == money[500:]).all()


def test_the_calibration_changes_occasional_customers_more_than_heavy_ones() -> None:
    logs = np.log([0.1, 1.0, 10.0])
    moved = calibration.tilted(logs, 0.5)
    assert moved[1] == 0
    assert moved[0] > logs[0]
    assert moved[2] == pytest.approx(logs[2] - 0.3 * 0.5 * 0.7)


def test_the_share_of_buyers_follows_their_level() -> None:
    p = np.array([0.2, 0.6])
    assert calibration.share_of_buyers(p, np.log(0.5)) == pytest.approx(0.2)
    assert calibration.share_of_buyers(p, 5.0) == 0.98
