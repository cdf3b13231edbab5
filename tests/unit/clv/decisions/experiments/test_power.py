"""The size of experiments, against values of textbooks and by hand."""

from __future__ import annotations

import math

import pytest

from clv.decisions.experiments import power
from clv.decisions.experiments.differences import Moments

HALVES = (0.5, 0.5)


def test_the_sample_size_of_the_textbook() -> None:
    # Half a standard deviation at 5 % and 80 %: 2 x (1.9600 + .8416)^2 / .25 = 62.79 customers per arm.
    assert power.sample_size(0.5, 1.0, HALVES) == 126
    assert power.sample_size(0.0, 1.0, HALVES) is None
    assert power.sample_size(-0.5, 1.0, HALVES) is None


def test_the_smallest_effect_is_that_of_the_sample_size() -> None:
    assert power.smallest_effect(62.79 * 2, 1.0, HALVES) == pytest.approx(0.5, abs=1e-4)
    # A control of a tenth of the customers: 1 / .9 + 1 / .1 in place of 4 is 1.667 times the error.
    unequal = power.smallest_effect(62.79 * 2, 1.0, (0.9, 0.1))
    assert unequal == pytest.approx(0.5 * 1.6667, abs=1e-3)
    assert power.smallest_effect(0, 1.0, HALVES) == math.inf


def test_days_are_those_of_the_shortest_window_that_suffices() -> None:
    # 1,000 customers see .1772 standard deviations: 3.54 of 10 in 30 days, 3.54 of 20 in 60 days.
    windows = {60: Moments(1000, 20.0, 400.0), 30: Moments(1000, 10.0, 400.0)}
    assert power.days_needed(windows, 0.4, HALVES, 1000) == 30
    assert power.days_needed(windows, 0.2, HALVES, 1000) == 60
    assert power.days_needed(windows, 0.1, HALVES, 1000) is None
    assert power.days_needed({30: Moments(1000, 0.0, 0.0)}, 0.1, HALVES, 1000) is None
