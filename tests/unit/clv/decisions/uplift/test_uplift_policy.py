"""The values of policies, and the gate of a recommendation, on scores made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from clv.decisions.uplift import policy


def scored(*by_arm: float, customers: int = 400) -> np.ndarray:
    """Scores of equal customers with a little spread, shape (customers, arms)."""
    spread = np.tile([-0.1, 0.1], customers // 2)[:, None]
    return np.array(by_arm)[None, :] + spread * np.arange(1, len(by_arm) + 1)


def test_a_mean_has_the_interval_of_its_standard_error():
    found = policy.mean(np.array([0.0, 2, 0, 2]))  # the standard deviation is √(4/3), that of the mean √(1/3)
    assert (found.mean, found.high - found.mean) == pytest.approx((1, 1.95996 / 3**0.5), abs=1e-4)


def test_an_arm_is_chosen_where_its_uplift_is_highest_and_above_its_cost():
    uplift = np.array([[0, 0.3, 0.2], [0, 0.05, 0.02], [0, -1, 0.4]])
    assert policy.learned(uplift, cost=0.0).tolist() == [1, 1, 2]
    assert policy.learned(uplift, cost=0.1).tolist() == [1, 0, 2]


def test_a_choice_that_is_better_than_each_arm_for_all_is_recommended():
    scores = np.concatenate([scored(0, 1), scored(1, 0)])
    judged = policy.judge(scores, np.repeat([1, 0], 400), cost=0.0)
    assert judged.recommended
    assert judged.learned.mean == pytest.approx(1)
    assert [gain.mean for gain in judged.gains] == pytest.approx([0.5, 0.5])
    assert judged.customers == [400, 400]


def test_a_cost_above_the_gain_makes_nobody_the_best():
    scores = np.concatenate([scored(0, 1), scored(1, 0)])
    judged = policy.judge(scores, np.repeat([1, 0], 400), cost=2.0)
    assert (judged.best, judged.recommended) == (0, False)
    assert [value.mean for value in judged.constant] == pytest.approx([0.5, -1.5])


def test_a_choice_that_is_no_better_than_one_arm_is_not_recommended():
    scores = np.concatenate([scored(0, 1, 1), scored(0, 0, 1)])
    judged = policy.judge(scores, np.repeat([1, 2], 400), cost=0.0)
    assert judged.gains[1].low > 0
    assert (judged.best, judged.recommended) == (2, False)


def test_arms_are_compared_with_the_control_all_together():
    judged = policy.judge(scored(0, 1, 2), np.ones(400, dtype=int), cost=0.5)
    assert judged.over_control[0] == policy.Estimate(0, 0, 0)
    assert [gain.mean for gain in judged.over_control[1:]] == pytest.approx([0.5, 1.5])
    # The scores of mail and control differ by .1 either way: .1 x root of 400 / 399 / 20 is the error, and 97.5 % lie
    # within 2.2414 of them.
    half = 2.2414 * 0.1 * (400 / 399) ** 0.5 / 20
    assert judged.over_control[1].low == pytest.approx(0.5 - half, abs=1e-6)


def test_the_same_arm_for_everybody_is_no_choice():
    assert not policy.judge(scored(0, 1), np.ones(400, dtype=int), cost=0.0).recommended


def test_a_few_customers_are_too_few_to_judge():
    scores = np.concatenate([scored(0, 1, customers=4000), scored(9, 0, customers=100)])
    judged = policy.judge(scores, np.repeat([1, 0], [4000, 100]), cost=0.0)
    assert judged.gains[1].low > 0
    assert not judged.recommended
