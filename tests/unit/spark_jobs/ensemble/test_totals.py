"""How far a total may be off, on errors worked out by hand."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from spark_jobs.ensemble import totals
from spark_jobs.ensemble.calibration import Daily, Residual

FIRST = date(2024, 1, 1)
DAILY = Daily(FIRST - timedelta(days=200), np.full(200, 100.0), np.full(200, 30.0))


def test_errors_are_those_of_what_was_known_at_each_origin() -> None:
    # Each window brings a tenth more (in logs) than the anchor expects. At the first two origins no window has closed;
    # at the third, the first window has, and a residual of .1 moves a level of 30 days by .1 / 2 ** (30 / 200).
    days = [FIRST + timedelta(days=15 * step) for step in range(3)]
    residuals = [Residual(30, day + timedelta(days=30), 0.1, False) for day in days]
    found = totals.total_errors(DAILY, {day: (np.exp(0.1), 1.0) for day in days}, 30, residuals)
    assert found == {days[2]: pytest.approx(0.1 - 0.1 / 2**0.15)}


def test_origins_that_knew_of_no_residual_count_where_there_are_no_others() -> None:
    found = totals.total_errors(DAILY, {FIRST: (2.0, 1.0), FIRST + timedelta(days=9): (0.0, 1.0)}, 30, [])
    assert found == {FIRST: pytest.approx(np.log(2))}


def test_few_errors_widen_the_spread_as_students_t_does() -> None:
    # root mean square .2; 90th percentiles of t with 1 and 4 degrees of freedom 3.078 and 1.533, of the normal 1.2816
    errors = [0.2, -0.2]
    assert totals.spread(errors, 1) == pytest.approx(0.2 * 3.078 / 1.2816, abs=1e-3)
    assert totals.spread(errors, 4) == pytest.approx(0.2 * 1.533 / 1.2816, abs=1e-3)
    assert totals.spread([], 0) == totals.UNMEASURED


def test_window_lengths_borrow_from_each_other_as_far_as_they_are_few() -> None:
    # Three windows of 90 days with a square of .04, one of 180 days with none: pooled .03. Two windows of that beside
    # the own: (3 * .04 + 2 * .03) / 5 = .036 and 2 * .03 / 3 = .02; degrees of freedom as windows, at most three.
    days = [FIRST, FIRST + timedelta(days=180)]
    found = totals.pooled_spreads({90: dict.fromkeys(days, 0.2), 180: {FIRST: 0.0}, 365: {}})
    widened = 1.638 / 1.2816
    assert found[90] == pytest.approx(np.sqrt(0.036) * widened, abs=1e-3)
    assert found[180] == pytest.approx(np.sqrt(0.02) * widened, abs=1e-3)
    assert found[365] == pytest.approx(np.sqrt(0.03) * 1.886 / 1.2816, abs=1e-3)
    assert totals.pooled_spreads({90: {}}) == {90: totals.UNMEASURED}


def test_windows_that_overlap_are_not_counted_twice() -> None:
    assert totals.independent([FIRST, FIRST + timedelta(days=45), FIRST + timedelta(days=90)], 90) == 2
    assert totals.independent([FIRST], 90) == 1


def test_groups_share_what_neither_the_shop_nor_chance_explains() -> None:
    # Twenty customers predicted 20 to 1. Groups of 1, 4, 5 and 10 of them bring e, 1 / e, e and 1 / e times what was
    # predicted, but for one constant that brings the whole to the total: what is left is -c or 1 more or less.
    predicted = np.arange(20, 0, -1.0)
    actual = predicted * np.exp(np.repeat([1, -1, 1, -1.0], [1, 4, 5, 10]))
    missed = np.log(actual.sum() / predicted.sum())
    mean_square = np.mean([(1 - missed) ** 2, (-1 - missed) ** 2, (1 - missed) ** 2, (-1 - missed) ** 2])
    none = np.zeros(20)
    assert totals.group_spread([actual], [predicted], [none]) == pytest.approx(np.sqrt(mean_square))
    assert totals.group_spread([actual], [predicted], [predicted * 30]) == 0  # chance alone would part them further
    assert totals.group_spread([3 * predicted], [predicted], [none]) == pytest.approx(0, abs=1e-6)
    assert totals.group_spread([none], [predicted], [none]) == 0


def test_the_bounds_of_a_sum_hold_what_is_shared_and_what_averages_out() -> None:
    # 100, 50 and 50, each as wide as it is high: ln(1 + 15000 / 200 ^ 2) = .3185 of their own, .1 ^ 2 shared; its root
    # .5731 times 1.2816 is .7345.
    value = np.array([100.0, 50.0, 50.0])
    low, high = totals.bounds(value, value, 0.1)
    assert low == pytest.approx(200 * np.exp(-0.7345 - 0.3185 / 2), rel=1e-3)
    assert high == pytest.approx(200 * np.exp(0.7345 - 0.3185 / 2), rel=1e-3)
    assert totals.bounds(np.zeros(3), np.zeros(3), 0.1) == (0, 0)
