"""Weights of the blend: usual ones, and those that each way chooses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_jobs.ensemble import blending, combining
from spark_jobs.ensemble.combining import Evidence


def holdouts(seed: int, names: blending.Weights, n: int = 400) -> list[Evidence]:
    """Returns two holdouts at which the second part is right and the others are noise."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(2):
        predicted = rng.normal(0, 1, (len(names), n))
        made.append(Evidence(predicted, np.exp(predicted[1]) * rng.gamma(2, 0.5, n), np.arange(n)))
    return made


def test_few_buyers_shift_the_usual_weights_to_the_anchor() -> None:
    assert blending.usual(0) == blending.ANCHORED
    assert blending.usual(500) == blending.usual(9000) == blending.USUAL
    assert blending.usual(250)["anchor"] == pytest.approx((blending.USUAL["anchor"] + blending.ANCHORED["anchor"]) / 2)


def test_all_usual_weights_sum_to_one() -> None:
    named = (blending.USUAL, blending.ANCHORED, blending.UNLEARNED, blending.USUAL_CHANCE, blending.UNLEARNED_CHANCE)
    assert list(blending.USUAL) == list(blending.ANCHORED)
    for weights in named:
        assert sum(weights.values()) == pytest.approx(1)
        assert min(weights.values()) >= 0


def test_voting_weighs_all_members_with_a_usual_weight_equally() -> None:
    usual = {"a": 0.7, "b": 0.3, "alike": 0.0}
    assert blending.choose("voting", combining.chance_loss, [], usual) == {"a": 0.5, "b": 0.5, "alike": 0.0}


@pytest.mark.parametrize("way", ["weighted", "stacking"])
def test_a_member_that_is_right_gets_the_weight(way: str) -> None:
    usual = {"a": 0.5, "right": 0.2, "alike": 0.3}
    made = holdouts(0, usual)
    loss = combining.money_loss(made, blending.array(usual))
    found = blending.choose(way, loss, made, usual)
    assert found["right"] > 0.9
    assert blending.deviance(made, found) < blending.deviance(made, usual)
    assert blending.choose(way, loss, [], usual) == usual


def test_losses_do_not_depend_on_the_total_and_are_missing_without_a_holdout() -> None:
    # Relative predictions .5 and 1.5 of actuals 0 and 4, scaled to their mean 2: 1 and 3.
    holdout = Evidence(np.log([[7.0, 21.0]]), np.array([0.0, 4.0]), np.arange(2))
    expected = [4 * np.sqrt(1), 4 * (np.sqrt(4) - np.sqrt(3)) ** 2 / np.sqrt(3)]
    assert blending.deviance([holdout], {"one": 1.0}) == pytest.approx(np.mean(expected))
    bought = Evidence(np.array([[5.0, 5.0]]), np.array([0.0, 1.0]), np.arange(2))
    assert blending.log_loss([bought], {"one": 1.0}) == pytest.approx(np.log(2))
    assert blending.deviance([], {"one": 1.0}) is None
    assert blending.log_loss([], {"one": 1.0}) is None


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.sampled_from([1e-3, 1.0, 1e6]))
def test_the_unit_of_money_does_not_change_the_weights(seed: int, scale: float) -> None:
    usual = {"a": 0.5, "right": 0.2, "alike": 0.3}
    made = holdouts(seed, usual, 60)
    other = [Evidence(one.predicted, scale * one.actual, one.customer) for one in made]
    found, scaled = (
        blending.choose("weighted", combining.money_loss(each, blending.array(usual)), each, usual)
        for each in (made, other)
    )
    assert scaled == pytest.approx(found, abs=1e-3)
