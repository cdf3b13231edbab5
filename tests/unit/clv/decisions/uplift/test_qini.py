"""The normalised Qini coefficient on customers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from clv.decisions.uplift.qini import interval, qini

OUTCOME, TREATED = np.array([1.0, 0, 0, 1]), np.array([True, False, True, False])


def test_a_perfect_order_is_one():
    assert qini(np.array([4.0, 3, 2, 1]), OUTCOME, TREATED) == 1


def test_the_opposite_order_is_worked_out_by_hand():
    # The curve is 0, 0, -1, -1/2, 0, so the area is -1.5; that of the perfect order is 3.
    assert qini(np.array([1.0, 2, 3, 4]), OUTCOME, TREATED) == -0.5


def test_equal_predictions_distinguish_nobody():
    assert qini(np.ones(4), OUTCOME, TREATED) == 0


def test_a_weight_of_two_is_the_customer_twice():
    uplift, twice = np.array([2.0, 4, 1, 3]), [0, 0, 1, 2, 3]
    by_weight = qini(uplift, OUTCOME, TREATED, np.array([2.0, 1, 1, 1]))
    assert by_weight == pytest.approx(qini(uplift[twice], OUTCOME[twice], TREATED[twice]))


def test_no_outcome_gives_zero():
    assert qini(np.arange(4.0), np.zeros(4), TREATED) == 0


def test_the_interval_holds_the_figure():
    random = np.random.default_rng(0)
    treated, good = random.random(400) < 0.5, random.random(400) < 0.5
    outcome = (random.random(400) < np.where(treated & good, 0.6, 0.2)).astype(float)
    low, high = interval(good.astype(float), outcome, treated)
    assert 0 < low < qini(good.astype(float), outcome, treated) < high
