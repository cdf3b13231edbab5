"""Learners of uplift: scores worked out by hand, and a simulated effect that each learner finds."""

from __future__ import annotations

import numpy as np
import pytest

from clv.decisions.uplift.learners import NAMES, Drawn, scores, uplifts


def test_a_score_adds_the_error_of_the_own_arm_over_its_share():
    drawn = Drawn(np.empty((2, 0)), np.array([1, 0]), np.array([3.0, 1]), np.array([0.75, 0.25]))
    assert scores(drawn, np.array([[1.0, 2], [4, 5]])) == pytest.approx(np.array([[1.0, 6], [0, 5]]))


def test_each_learner_finds_an_effect_that_depends_on_the_customer():
    random = np.random.default_rng(7)
    inputs, arm = random.normal(size=(4000, 2)).astype("f4"), random.integers(0, 2, 4000)
    effect = np.where(inputs[:, 0] > 0, 2.0, -1.0)
    drawn = Drawn(inputs, arm, inputs[:, 1] + effect * arm + random.normal(size=4000), np.array([0.5, 0.5]))
    expected = np.column_stack([inputs[:, 1], inputs[:, 1] + effect])
    learnt = np.arange(4000) < 3000
    found = uplifts(drawn, expected, 1, learnt, ~learnt)
    assert found.shape == (len(NAMES), 1000)
    for learner in found:
        good = effect[~learnt] > 0
        assert learner[good].mean() == pytest.approx(2, abs=0.3)
        assert learner[~good].mean() == pytest.approx(-1, abs=0.3)
