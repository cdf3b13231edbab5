"""Weights of the blend: never negative, of sum one, and changed only by a proven gain."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logit

from spark_jobs.ensemble import blending


def array(weights: blending.Weights) -> np.ndarray:
    return np.array(list(weights.values()))


def holdout(seed: int, n: int = 3000) -> tuple[list[np.ndarray], np.ndarray]:
    """Returns the five parts' predictions, of which the three learned ones know each customer's rate, and the actual
    money."""
    rng = np.random.default_rng(seed)
    rate = rng.lognormal(0, 1.2, n)
    actual = np.where(rng.random(n) < 0.6, rate * rng.gamma(2, 0.5, n) / 0.6, 0)
    blurred = rate * rng.lognormal(0, 1.0, n)
    return [blurred, rate, rate, rate, blurred], actual


def test_a_geometric_mean_has_a_mean_of_one_whatever_the_scales() -> None:
    parts = [np.array([1.0, 4.0]), np.array([100.0, 100.0])]
    blend = blending.geometric(parts, [0.5, 0.5])
    assert blend.mean() == pytest.approx(1)
    assert blend[1] / blend[0] == pytest.approx(2)


def test_learned_parts_that_gain_at_two_holdouts_get_the_weight() -> None:
    parts, actual = zip(*(holdout(seed) for seed in (1, 2)), strict=True)
    assert blending.value_weights(parts, actual, 5000) == pytest.approx(array(blending.BOOSTED))
    assert blending.value_weights(parts[:1], actual[:1], 5000) == pytest.approx(
        array(blending.USUAL)
    )  # one holdout is not enough to prove a gain


def test_the_anchor_gets_the_weight_if_learned_parts_only_add_noise() -> None:
    parts, actual = zip(*(holdout(seed) for seed in (1, 2)), strict=True)
    swapped = [[part[1], part[0], part[0] ** 2, part[0], part[1]] for part in parts]
    assert blending.value_weights(swapped, actual, 5000) == pytest.approx(array(blending.ANCHORED))


def test_few_buyers_shift_the_weights_to_the_anchor() -> None:
    assert blending.value_weights([], [], 0) == pytest.approx(array(blending.ANCHORED))
    assert blending.value_weights([], [], 500) == pytest.approx(array(blending.USUAL))
    halfway = blending.value_weights([], [], 250)
    assert halfway == pytest.approx((array(blending.USUAL) + array(blending.ANCHORED)) / 2)


def test_a_probability_with_less_log_loss_gets_more_weight() -> None:
    rng = np.random.default_rng(0)
    p = rng.uniform(0.02, 0.98, 4000)
    bought = (rng.random(4000) < p) * 1.0
    noise = rng.normal(0, 2, (2, 4000))
    weights = blending.chance_weights([np.array([noise[0], logit(p), noise[1]])], [bought])
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()
    assert weights[1] > blending.USUAL_CHANCE["boosted"]
    assert blending.chance_weights([], []) == pytest.approx(array(blending.USUAL_CHANCE))


def test_all_candidate_weights_sum_to_one() -> None:
    named = (blending.USUAL, blending.BOOSTED, blending.ANCHORED, blending.UNLEARNED, blending.USUAL_CHANCE)
    assert list(blending.USUAL) == list(blending.BOOSTED) == list(blending.ANCHORED)
    for weights in (*map(array, named), *blending.CHANCES):
        assert sum(weights) == pytest.approx(1)
        assert min(weights) >= 0


def test_voting_weighs_all_parts_equally() -> None:
    assert blending.voting(4).tolist() == [0.25] * 4


def test_stacking_finds_the_true_part() -> None:
    rng = np.random.default_rng(0)
    truth = rng.lognormal(0, 1, (2, 2000))
    noisy = [[one * rng.lognormal(0, 1, 2000), 7 * one, rng.lognormal(0, 1, 2000)] for one in truth]
    usual = np.array([0.2, 0.2, 0.6])
    assert blending.stacked_value(noisy, list(100 * truth), usual) == pytest.approx([0, 1, 0], abs=1e-4)

    log_odds = rng.normal(0, 2, (3, 20_000))
    bought = (rng.random(20_000) < 1 / (1 + np.exp(-log_odds[2]))) * 1.0
    assert blending.stacked_chance([log_odds], [bought], usual) == pytest.approx([0, 0, 1], abs=0.02)


def test_stacking_without_holdouts_keeps_the_other_weights() -> None:
    usual, nothing = np.array([0.2, 0.8]), np.zeros(3)
    parts, log_odds = [np.ones(3), np.arange(1.0, 4)], np.array([[0.0, 1, 2], [2, 1, 0]])
    assert blending.stacked_value([parts], [nothing], usual) is usual
    assert blending.stacked_chance([log_odds, log_odds], [nothing, nothing + 1], usual) is usual
    assert blending.value_loss([parts], [nothing], usual) is None
    assert blending.chance_loss([], [], usual) is None


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), parts=st.integers(2, 5), scale=st.sampled_from([1e-3, 1.0, 1e6]))
def test_stacked_weights_sum_to_one_and_have_the_least_loss(seed: int, parts: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    found = [list(rng.lognormal(0, 1, (parts, 60))) for _ in range(2)]
    actual = [scale * rng.lognormal(0, 1, 60) * (rng.random(60) < 0.5) for _ in found]
    log_odds, bought = [np.log(one) for one in found], [(one > 0) * 1.0 for one in actual]
    other = rng.dirichlet(np.ones(parts))
    value, chance = (
        blending.stacked_value(found, actual, other), blending.stacked_chance(log_odds, bought, other)
    )  # fmt: skip
    for weights in (value, chance):
        assert weights.sum() == pytest.approx(1)
        assert (weights >= 0).all()
    assert blending.value_loss(found, actual, value) <= blending.value_loss(found, actual, other) * (1 + 1e-6)
    assert blending.chance_loss(log_odds, bought, chance) <= blending.chance_loss(log_odds, bought, other) + 1e-6
