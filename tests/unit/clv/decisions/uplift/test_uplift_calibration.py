"""Calibration of predicted uplift, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from clv.decisions.uplift import calibration


def test_the_slope_is_one_where_differences_are_as_large_as_predicted():
    predicted = np.tile([0.0, 1, 2, 3], 50)
    noise = np.repeat([-0.5, 0.5], 100)
    found = calibration.slope(predicted, 7 + predicted + noise)
    assert found.mean == pytest.approx(1)
    # The sum of squared distances is 250, and that of (distance × noise)² is 62.5; n / (n - 2) is 200 / 198.
    assert found.high - found.mean == pytest.approx(1.95996 * np.sqrt(62.5 * 200 / 198) / 250, abs=1e-6)


def test_no_slope_is_known_where_all_predictions_are_equal():
    assert np.isnan(calibration.slope(np.ones(5), np.arange(5.0)).mean)


def test_deciles_have_the_highest_prediction_first():
    predicted = np.arange(40.0)
    found = calibration.deciles(predicted, predicted, np.where(predicted >= 36, [1, 3, 1, 3] * 10, 0.0))
    assert [one.decile for one in found] == list(range(1, 11))
    first = found[0]
    assert (first.predicted, first.actual.mean) == pytest.approx((37.5, 2))
    assert first.actual.high - 2 == pytest.approx(1.95996 / 3**0.5, abs=1e-4)
    assert (found[9].predicted, found[9].actual.low, found[9].actual.high) == pytest.approx((1.5, 0, 0))


def test_predictions_get_the_mean_and_the_differences_of_others():
    others = np.array([0.0, 2, 4])  # their mean is 2, and they differ by half of what is predicted
    assert calibration.calibrated(np.array([2.0, 6]), others, 1 + others / 2).tolist() == [1, 3]


@pytest.mark.parametrize("actual", [[3.0, 2, 1], [2.0, 2, 2]])
def test_predictions_that_distinguish_nobody_become_the_mean(actual: list[float]):
    assert calibration.calibrated(np.array([5.0, -5]), np.arange(3.0), np.array(actual)).tolist() == [2, 2]


def test_equal_predictions_become_the_mean():
    assert calibration.calibrated(np.ones(2), np.ones(3), np.array([1.0, 2, 3])).tolist() == [2, 2]
