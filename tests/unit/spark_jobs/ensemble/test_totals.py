"""Errors of totals, worked out by hand."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from spark_jobs.ensemble import totals
from spark_jobs.ensemble.calibration import Daily
from spark_jobs.ensemble.level import ClosedWindow

FIRST = date(2024, 1, 1)
DAILY = Daily(FIRST - timedelta(days=500), np.full(540, 100.0), np.full(540, 30.0))


def test_errors_are_of_totals_predicted_from_what_was_known_at_each_origin() -> None:
    # Each window brings .1 more (in logs) than the anchor expects. At the first two origins no window has closed. At
    # the third, the first window has, and .5555 of its error is expected again: (.0144 e^(-30 / 730) + .0289 (1 - e^-1)
    # ^ 2) / (.0144 + .01 + .0289 * 2 e^-1), see `level`.
    days = [FIRST + timedelta(days=15 * step) for step in range(3)]
    closed = [ClosedWindow(30, day, 0.1, 0.1, 0.0, 0.0, 1.0) for day in days]
    found = totals.total_errors(DAILY, {day: (np.exp(0.1), 1.0) for day in days}, 30, closed)
    assert found == {days[2]: pytest.approx(0.1 * (1 - 0.5555), abs=1e-5)}


def test_origins_without_earlier_windows_count_only_if_there_are_no_others() -> None:
    found = totals.total_errors(DAILY, {FIRST: (2.0, 1.0), FIRST + timedelta(days=9): (0.0, 1.0)}, 30, [])
    assert found == {FIRST: pytest.approx(np.log(2))}


def test_few_errors_widen_the_spread_as_students_t_does() -> None:
    # The root mean square is .2. The 90th percentiles of t with 1 and 4 degrees of freedom are 3.078 and 1.533, that of
    # the normal distribution is 1.2816.
    errors = [0.2, -0.2]
    assert totals.spread(errors, 1) == pytest.approx(0.2 * 3.078 / 1.2816, abs=1e-3)
    assert totals.spread(errors, 4) == pytest.approx(0.2 * 1.533 / 1.2816, abs=1e-3)
    assert totals.spread([], 0) == totals.UNMEASURED


def test_lengths_with_few_windows_borrow_from_the_others() -> None:
    # Three windows of 90 days have a mean square of .04, one of 180 days has 0: pooled .03. Two pooled windows are
    # added to each length's own: (3 * .04 + 2 * .03) / 5 = .036 and 2 * .03 / 3 = .02. The degrees of freedom are the
    # windows, at most three.
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


def test_the_group_spread_is_what_neither_the_shop_nor_own_errors_explain() -> None:
    # Twenty customers are predicted 20 to 1. Groups of 1, 4, 5 and 10 of them bring e, 1 / e, e and 1 / e times their
    # prediction. The error of the total, `missed`, is subtracted from each group's log error of 1 or -1.
    predicted = np.arange(20, 0, -1.0)
    actual = predicted * np.exp(np.repeat([1, -1, 1, -1.0], [1, 4, 5, 10]))
    missed = np.log(actual.sum() / predicted.sum())
    mean_square = np.mean([(1 - missed) ** 2, (-1 - missed) ** 2, (1 - missed) ** 2, (-1 - missed) ** 2])
    none = np.zeros(20)
    assert totals.group_spread([actual], [predicted], [none]) == pytest.approx(np.sqrt(mean_square))
    # Customers' own errors would explain larger differences.
    assert totals.group_spread([actual], [predicted], [predicted * 30]) == 0
    assert totals.group_spread([3 * predicted], [predicted], [none]) == pytest.approx(0, abs=1e-6)
    assert totals.group_spread([none], [predicted], [none]) == 0


def test_the_bounds_of_a_sum_combine_shared_and_own_errors() -> None:
    # The values 100, 50 and 50 have standard deviations of the same size: ln(1 + 15000 / 200 ^ 2) = .3185 of their own,
    # and .1 ^ 2 shared. The root .5731 times 1.2816 is .7345.
    value = np.array([100.0, 50.0, 50.0])
    low, high = totals.bounds(value, value, 0.1)
    assert low == pytest.approx(200 * np.exp(-0.7345 - 0.3185 / 2), rel=1e-3)
    assert high == pytest.approx(200 * np.exp(0.7345 - 0.3185 / 2), rel=1e-3)
    assert totals.bounds(np.zeros(3), np.zeros(3), 0.1) == (0, 0)
