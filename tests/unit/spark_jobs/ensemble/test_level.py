"""The level follows what closed windows showed, as far as they can tell, and survives a closure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_jobs.ensemble import level
from spark_jobs.ensemble.calibration import Daily
from spark_jobs.ensemble.level import ClosedWindow, Level

DAY = date(2024, 6, 1)
STEADY = Daily(DAY - timedelta(days=500), np.full(500, 100.0), np.full(500, 30.0))


def closed(ago: int, revenue: float, season: float = 0.0, days: int = 90, known: float = 1.0) -> ClosedWindow:
    """Returns a window that ended so many days before DAY."""
    return ClosedWindow(days, DAY - timedelta(days=days + ago), revenue, revenue / 2, revenue, season, known)


def revenue(*windows: ClosedWindow, daily: Daily = STEADY, horizon_days: int = 90) -> float:
    return level.level(daily, DAY, horizon_days, windows, 0.2).revenue


def test_without_closed_windows_the_level_is_the_anchors() -> None:
    assert level.level(STEADY, DAY, 90, [], 0.2) == Level(0.0, 0.0)


def test_one_error_is_corrected_as_far_as_it_is_likely_to_come_again() -> None:
    # The variance of the window's error: bias .0144, chance .01, and passing deviation .0289 times the mean correlation
    # within 90 days, 2 / 3 (1 - (1 - e^-3) / 3) = .4555: in all .03756. Its covariance with the next 90 days: .0144
    # e^(-90 / 730) + .0289 ((1 - e^-3) / 3)^2 = .01563. Their ratio is .4161. The season is known and has no effect, so
    # both level models say the same.
    found = level.level(STEADY, DAY, 90, [closed(0, 0.2)], 0.2)
    assert found.revenue == pytest.approx(0.2 * 0.4161, abs=1e-4)
    assert found.buyers == pytest.approx(0.1 * 0.4161, abs=1e-4)


def test_a_windows_own_error_counts_more_than_an_older_or_shorter_one() -> None:
    found = [revenue(closed(0, 0.2)), revenue(closed(200, 0.2)), revenue(closed(200, 0.2, days=30))]
    assert found == sorted(found, reverse=True)
    assert found[-1] > 0


def test_windows_that_say_nothing_of_a_horizon_are_left_out() -> None:
    kept = closed(0, 0.2)
    others = [closed(0, 0.9, days=26), closed(0, 0.9, days=91), closed(-1, 0.9), closed(366, 0.9)]
    assert level.relevant([*others, kept], DAY, 90) == [kept]
    assert revenue(kept, *others) == revenue(kept)


@pytest.mark.parametrize(("errors_follow", "expected"), [(True, 0.4), (False, 0.0)])
def test_the_season_counts_if_past_errors_followed_it(errors_follow: bool, expected: float) -> None:
    # Twelve windows in a row had effects of .4 and -.4 in turn; the anchor's errors were these, or none.
    effects = 0.4 * np.tile([1.0, -1.0], 6)
    spans = level.Spans(np.append(-30.0 * np.arange(12, 0, -1), 0), np.full(13, 30.0), np.ones(13))
    errors = effects if errors_follow else np.zeros(12)
    assert level.kriged(spans, errors, np.append(effects, 0.4)) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize(("own", "season"), [(8, True), (9, False)])
def test_windows_as_long_as_the_horizon_judge_alone_once_they_began_in_most_of_a_year(own: int, season: bool) -> None:
    # The season had effects of .4 and -.4 in turn. The errors of twelve windows of 30 days followed it, those of some
    # windows of 90 days, 30 days apart, did not. Nine of them cover 240 days.
    short, long = 0.4 * np.tile([1.0, -1.0], 6), 0.4 * np.tile([1.0, -1.0], 6)[:own]
    spans = level.Spans(
        np.concatenate([-30.0 * np.arange(12, 0, -1), -90 - 30.0 * np.arange(own)[::-1], [0]]),
        np.repeat([30.0, 90.0], [12, own + 1]),
        np.ones(12 + own + 1),
    )
    errors, effects = np.concatenate([short, 0 * long]), np.concatenate([short, long, [0.4]])
    assert (level.kriged(spans, errors, effects) > 0.2) == season


def test_errors_count_less_as_long_as_the_season_is_unknown() -> None:
    # What lasts cannot be told from a season of the last months.
    assert 0 < revenue(closed(200, 0.2, known=0.0)) < revenue(closed(200, 0.2))


def test_after_a_closure_the_level_follows_the_open_days_of_the_last_year() -> None:
    # Closed for 120 days, open again for 26. The anchor expects a fifth of the last year's revenue. Its 245 open days
    # would bring 90 / 245 of that in 90 days, less the usual loss of customers: log(90 / 245 / .2) - .3 = .308.
    money = np.full(500, 100.0)
    money[-146:-26] = 0
    found = level.level(replace(STEADY, money=money), DAY, 90, [], 0.2)
    assert found.revenue == pytest.approx(np.log(90 / 245 / 0.2) - 0.3)
    assert found.buyers == pytest.approx(0.7 * found.revenue)
    assert found.closed == 120
    # A window before the closure brought .2 less than as many days of the year before it: more than was assumed.
    assert found.revenue < level.level(replace(STEADY, money=money), DAY, 90, [closed(200, -0.2)], 0.2).revenue


def test_a_closed_window_shows_actual_over_expected() -> None:
    origin = STEADY.first + timedelta(days=400)
    found = level.closed_window(STEADY, origin, 90, (8000.0, 10000.0), (30.0, 40.0))
    assert found is not None
    assert (found.window_days, found.origin, found.end) == (90, origin, origin + timedelta(days=90))
    assert (found.revenue, found.buyers) == pytest.approx((np.log(0.8), np.log(0.75)))
    assert found.trailing == pytest.approx(np.log(8000 / 9000))  # 100 a day in the year before
    assert (found.season, found.known) == pytest.approx((0, 0.75 + 0.25 * 35 / 90))


def test_a_window_with_a_closure_counts_by_its_open_days_if_they_are_enough() -> None:
    money = np.full(500, 100.0)
    money[410:440] = 0
    origin, shut = STEADY.first + timedelta(days=400), replace(STEADY, money=money)
    found = level.closed_window(shut, origin, 90, (4000.0, 10000.0), (20.0, 40.0))
    assert found is not None
    assert found.revenue == pytest.approx(np.log(4000 / (60 / 90) / 10000))
    assert level.closed_window(shut, origin, 45, (4000.0, 10000.0), (20.0, 40.0)) is None  # a third of it was open
    assert level.closed_window(shut, origin, 15, (4000.0, 10000.0), (20.0, 40.0)) is None  # it ends in a silence
    reopened = origin + timedelta(days=45)
    assert level.closed_window(shut, reopened, 30, (3000.0, 2000.0), (20.0, 40.0)) is None  # the anchor is misled
    assert level.closed_window(STEADY, origin, 90, (0.0, 10000.0), (0, 40.0)) is None


def test_nothing_after_a_window_or_a_date_is_used() -> None:
    origin = STEADY.first + timedelta(days=380)
    changed = replace(STEADY, money=np.where(np.arange(500) >= 470, 9e9, STEADY.money))
    numbers = (8000.0, 10000.0), (30.0, 40.0)
    assert level.closed_window(changed, origin, 90, *numbers) == level.closed_window(STEADY, origin, 90, *numbers)
    day = STEADY.first + timedelta(days=470)
    assert level.level(changed, day, 90, [], 0.2) == level.level(STEADY, day, 90, [closed(0, 0.5)], 0.2)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.floats(0, 1e7), min_size=1, max_size=900),
    st.floats(0, 1),
    st.lists(st.tuples(st.integers(0, 400), st.floats(-50, 50), st.floats(-1, 1), st.floats(0, 1)), max_size=8),
    st.sampled_from([30, 90, 365, 1095]),
    st.floats(0, 1e6),
)
def test_the_level_is_bounded_for_any_history(
    money: list, new: float, errors: list, horizon_days: int, share: float
) -> None:
    daily = Daily(DAY - timedelta(days=len(money)), np.array(money), new * np.array(money))
    windows = [closed(ago, error, season, horizon_days, known) for ago, error, season, known in errors]
    found = level.level(daily, DAY, horizon_days, windows, share)
    assert abs(found.revenue) <= level.LARGEST
    assert abs(found.buyers) <= level.LARGEST
