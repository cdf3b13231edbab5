"""Blends: weights never negative, of sum one, and moved only by what was proven."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logit

from spark_jobs import blending


def closed_origin(seed: int, n: int = 3000) -> tuple[list[np.ndarray], np.ndarray]:
    """Five parts of which the three learned ones know a customer's rate, and the money that came."""
    rng = np.random.default_rng(seed)
    rate = rng.lognormal(0, 1.2, n)
    came = np.where(rng.random(n) < 0.6, rate * rng.gamma(2, 0.5, n) / 0.6, 0)
    blurred = rate * rng.lognormal(0, 1.0, n)
    return [blurred, rate, rate, rate, blurred], came


def test_a_geometric_mean_has_a_mean_of_one_whatever_the_scales() -> None:
    parts = [np.array([1.0, 4.0]), np.array([100.0, 100.0])]
    blend = blending.geometric(parts, [0.5, 0.5])
    assert blend.mean() == pytest.approx(1)
    assert blend[1] / blend[0] == pytest.approx(2)


def test_learned_parts_that_gain_at_two_origins_take_over() -> None:
    parts, came = zip(*(closed_origin(seed) for seed in (1, 2)), strict=True)
    assert blending.value_weights(parts, came, 5000) == pytest.approx(blending.BOOSTED)
    assert blending.value_weights(parts[:1], came[:1], 5000) == pytest.approx(blending.USUAL)  # one proves nothing


def test_the_anchor_takes_over_where_learned_parts_only_add_noise() -> None:
    parts, came = zip(*(closed_origin(seed) for seed in (1, 2)), strict=True)
    swapped = [[part[1], part[0], part[0] ** 2, part[0], part[1]] for part in parts]
    assert blending.value_weights(swapped, came, 5000) == pytest.approx(blending.ANCHORED)


def test_few_buyers_lean_on_the_anchor() -> None:
    assert blending.value_weights([], [], 0) == pytest.approx(blending.ANCHORED)
    assert blending.value_weights([], [], 500) == pytest.approx(blending.USUAL)
    halfway = blending.value_weights([], [], 250)
    assert halfway == pytest.approx((np.array(blending.USUAL) + blending.ANCHORED) / 2)


def test_the_chance_that_told_better_gets_more_weight() -> None:
    rng = np.random.default_rng(0)
    p = rng.uniform(0.02, 0.98, 4000)
    bought = (rng.random(4000) < p) * 1.0
    noise = rng.normal(0, 2, (2, 4000))
    weights = blending.chance_weights([np.array([noise[0], logit(p), noise[1]])], [bought])
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()
    assert weights[1] > blending.USUAL_CHANCE[1]
    assert blending.chance_weights([], []) == pytest.approx(blending.USUAL_CHANCE)


def test_all_weights_there_are_to_choose_from_are_shares() -> None:
    for weights in (blending.USUAL, blending.BOOSTED, blending.ANCHORED, blending.UNLEARNED, *blending.CHANCES):
        assert sum(weights) == pytest.approx(1)
        assert min(weights) >= 0
