"""Weights chosen on holdouts: as far as evidence supports them, and never significantly worse than a part."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from spark_jobs.ensemble import combining
from spark_jobs.ensemble.combining import Evidence

USUAL = np.array([0.5, 0.5, 0.0])  # of a good part, a poor one, and one that predicts the same for all
ALIKE = len(USUAL) - 1


def money(seed: int, spread: float, n: int = 2000) -> Evidence:
    """Returns two parts that know the customers' mean money, with small and with large errors, and a constant one.
    spread: standard deviation of the customers' own means, in logs."""
    rng = np.random.default_rng(seed)
    mean = rng.normal(0, spread, n)
    parts = np.array([mean + rng.normal(0, 0.2, n), rng.normal(0, 1, n), np.zeros(n)])
    return Evidence(parts, np.exp(mean) * rng.gamma(4, 0.25, n), np.arange(n))


def chance(seed: int, spread: float, n: int = 2000) -> Evidence:
    """Returns parts of the chance like those of `money`."""
    rng = np.random.default_rng(seed)
    log_odds = rng.normal(0, spread, n)
    parts = np.array([log_odds, rng.normal(0, 2, n), np.zeros(n)])
    return Evidence(parts, (rng.random(n) < expit(log_odds)) * 1.0, np.arange(n))


def test_the_loss_of_money_is_that_of_its_formula() -> None:
    # Relative predictions .5 and 1.5 of actuals 0 and 2, first with the usual weights, which make the loss 1.
    holdout = Evidence(np.log([[1.0, 3.0], [1.0, 1.0]]), np.array([0.0, 20.0]), np.arange(2))
    usual, other = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    loss = combining.money_loss([holdout], usual)
    assert loss(usual, holdout)[0].mean() == pytest.approx(1)
    deviance = [4 * np.sqrt(0.5), 4 * (np.sqrt(2) - np.sqrt(1.5)) ** 2 / np.sqrt(1.5)]
    square = [0.25, 0.25]
    assert loss(usual, holdout)[0] == pytest.approx(
        [0.5 * (a / np.mean(deviance) + b / 0.25) for a, b in zip(deviance, square, strict=True)]
    )
    # The other part predicts 1 and 1: deviances 4 and 4 (√2 - 1)², squared errors 1 and 1.
    alike = [4, 4 * (np.sqrt(2) - 1) ** 2]
    assert loss(other, holdout)[0] == pytest.approx([0.5 * (each / np.mean(deviance) + 1 / 0.25) for each in alike])


def test_the_loss_of_a_chance_ignores_the_total() -> None:
    holdout = Evidence(np.array([[3.0, 3.0, 3.0, 3.0]]), np.array([1.0, 0, 0, 0]), np.arange(4))
    losses = combining.chance_loss(np.ones(1), holdout)[0]
    assert losses == pytest.approx([-np.log(0.25), *[-np.log(0.75)] * 3])


@pytest.mark.parametrize("seed", range(3))
def test_gradients_are_the_slopes_of_the_losses(seed: int) -> None:
    weights, step = np.array([0.2, 0.3, 0.5]), 1e-6
    for made, loss in (
        (money(seed, 1.0, 50), combining.money_loss([money(seed, 1.0, 50)], USUAL)),
        (chance(seed, 1.0, 50), combining.chance_loss),
    ):
        slopes = [
            (loss(weights + step * one, made)[0].mean() - loss(weights - step * one, made)[0].mean()) / (2 * step)
            for one in np.eye(3)
        ]
        assert loss(weights, made)[1] == pytest.approx(slopes, abs=1e-5)


def test_without_a_holdout_the_usual_weights_stay() -> None:
    assert combining.chosen(combining.chance_loss, [], USUAL) is USUAL


@pytest.mark.parametrize("holdouts", [1, 2])
def test_a_member_without_information_loses_its_weight(holdouts: int) -> None:
    made = [money(seed, 1.0) for seed in range(holdouts)]
    found = combining.chosen(combining.money_loss(made, USUAL), made, USUAL)
    assert found[0] > 0.9
    made = [chance(seed, 1.0) for seed in range(holdouts)]
    assert combining.chosen(combining.chance_loss, made, USUAL)[1] < 0.1


def test_customers_who_cannot_be_distinguished_are_predicted_alike() -> None:
    made = [money(seed, 0.0) for seed in range(2)]
    assert combining.chosen(combining.money_loss(made, USUAL), made, USUAL)[ALIKE] > 0.9
    made = [chance(seed, 0.0) for seed in range(2)]  # their good part is constant too
    assert combining.chosen(combining.chance_loss, made, USUAL)[1] < 0.05


def test_differences_of_chance_do_not_change_the_weights() -> None:
    # Two parts with equally large errors: any weights near the usual ones are as good.
    rng = np.random.default_rng(0)
    made = []
    for _ in range(2):
        mean = rng.normal(0, 1, 300)
        errors = rng.normal(0, 0.5, (2, 300))
        made.append(Evidence(mean + errors, np.exp(mean) * rng.gamma(0.5, 2, 300), np.arange(300)))
    usual = np.array([0.5, 0.5])
    assert combining.chosen(combining.money_loss(made, usual), made, usual) == pytest.approx(usual, abs=0.1)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), spread=st.sampled_from([0.0, 0.3, 1.0]), n=st.integers(3, 300))
def test_no_part_is_significantly_better_than_the_result(seed: int, spread: float, n: int) -> None:
    for make, loss in ((money, None), (chance, combining.chance_loss)):
        made = [make(seed + place, spread, n) for place in range(2)]
        judge = loss or combining.money_loss(made, USUAL)
        found = combining.chosen(judge, made, USUAL)
        assert found.sum() == pytest.approx(1)
        assert (found >= 0).all()

        def losses(weights: np.ndarray, judge: combining.Loss = judge, made: list[Evidence] = made) -> np.ndarray:
            return np.concatenate([judge(weights, one)[0] for one in made])

        for part in np.eye(3):
            difference = losses(found) - losses(part)
            by_customer = difference.reshape(2, -1).sum(axis=0)
            error = np.sqrt(((by_customer - by_customer.mean()) ** 2).sum()) / len(difference)
            assert difference.mean() <= 2 * error + 1e-9
