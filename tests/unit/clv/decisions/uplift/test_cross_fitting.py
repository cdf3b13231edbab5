"""No customer's outcome has a part in the predictions for the customer, nor in the choice of the learner."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from past_experiments import made

from clv.decisions.uplift.cross_fitting import FOLDS, centred, cross_fitted, parts
from clv.decisions.uplift.learners import Drawn


def test_each_part_has_as_many_of_each_arm():
    arm = np.repeat([0, 1, 2], [10, 15, 21])
    part = parts(arm)
    assert [np.bincount(part[arm == one]).tolist() for one in range(3)] == [[2] * 5, [3] * 5, [5, 4, 4, 4, 4]]


def test_outcomes_of_a_part_do_not_change_its_predictions():
    past = made(1, customers=600, effect=1.0)
    drawn = Drawn(past.inputs, past.arm, past.outcome, np.array([0.5, 0.5]))
    part = parts(past.arm)
    before = cross_fitted(drawn)
    after = cross_fitted(replace(drawn, outcome=np.where(part == 0, -100 * past.outcome, past.outcome)))
    own = part == 0
    np.testing.assert_array_equal(before.expected[own], after.expected[own])
    np.testing.assert_array_equal(before.by_learner[:, own], after.by_learner[:, own])
    np.testing.assert_array_equal(before.uplift[own], after.uplift[own])
    assert before.chosen[0][0] == after.chosen[0][0]
    assert np.abs(before.by_learner[:, ~own, 1] - after.by_learner[:, ~own, 1]).min(axis=1).min() > 0
    assert len(before.chosen[0]) == FOLDS
    assert not before.uplift[:, 0].any()


def test_parts_are_not_compared_with_each_other():
    part = np.arange(10) % FOLDS
    found = centred(np.array([1.0, 0, 0.1, 0, 0, 3, 0, 0.1, 0, 8]), part)
    assert found.tolist() == [-1, 0, 0, 0, -4, 1, 0, 0, 0, 4]


def test_customers_of_two_kinds_differ_as_far_as_their_uplift():
    """The arm adds 20 to one kind and takes 10 from the other, whichever is more frequent in a part."""
    number = np.arange(600)
    arm, kind = number // 2 % 2, number % 2
    outcome = 50.0 + number % 9 + arm * np.where(kind == 1, 20, -10)
    found = cross_fitted(Drawn(kind[:, None].astype(np.float32), arm, outcome, np.array([0.5, 0.5])))
    assert [found.uplift[kind == one, 1].mean() for one in (0, 1)] == pytest.approx([-10, 20], abs=1)
