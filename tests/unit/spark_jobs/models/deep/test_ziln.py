"""The loss is the formula of its source, and its gradient is finite for any money."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import lognorm

from spark_jobs.models.deep.networks import ziln
from spark_jobs.models.deep.networks.ziln import Ziln


def test_the_loss_is_the_negative_log_likelihood_of_a_zero_inflated_log_normal() -> None:
    money = np.array([0.0, 0.0, 1.0, 25.0, 4000.0])
    log_odds, mu, sigma = np.array([-2.0, 3, 0, 0.5, -1]), np.array([1.0, 1, 0, 3, 9]), np.array([0.5, 1, 1, 0.2, 2])
    p = expit(log_odds)
    by_scipy = np.where(money > 0, -np.log(p) - lognorm.logpdf(money + (money == 0), sigma, scale=np.exp(mu)), 0)
    by_scipy = np.where(money > 0, by_scipy, -np.log1p(-p))
    assert ziln.loss(Ziln(log_odds, mu, sigma), money) == pytest.approx(by_scipy, rel=1e-12)


def test_one_loss_by_hand() -> None:
    # p = 1/2, mu = 0, sigma = 1, money 1: log 2 for the probability, log(sqrt(2 pi)) for the density at its centre.
    of = Ziln(np.zeros(2), np.zeros(2), np.ones(2))
    assert ziln.loss(of, np.array([0.0, 1.0])) == pytest.approx([0.693147, 0.693147 + 0.918939], abs=1e-6)
    assert ziln.mean(of) == pytest.approx([0.5 * np.exp(0.5)] * 2)
    assert ziln.chance(of) == pytest.approx([0.5, 0.5])


def test_sigma_and_corrections_stay_within_their_bounds() -> None:
    outputs = np.array([[1e9, -1e9, 1e9], [0.0, 0.0, -1e9], [0.0, 0.0, 0.0]])
    of = ziln.distribution(outputs, np.array([[1.0, 2.0]] * 3))
    assert of.log_odds == pytest.approx([1 + ziln.LARGEST_CORRECTION, 1, 1])
    assert of.mu == pytest.approx([2 - ziln.LARGEST_CORRECTION, 2, 2])
    half = 2 * np.log(2) / (2 + np.log(2))  # softplus(0) is log 2
    assert of.sigma == pytest.approx([ziln.LEAST_SIGMA + ziln.SIGMA_RANGE, ziln.LEAST_SIGMA, ziln.LEAST_SIGMA + half])


def test_gradients_are_finite_at_zero_and_for_large_money() -> None:
    jax = pytest.importorskip("jax", reason="JAX is not installed: the extra `deep`")
    money = np.array([0.0, 1e-6, 1.0, 1e12], np.float32)
    offsets = np.zeros((4, 2), np.float32)

    def total(outputs):
        return ziln.loss(ziln.distribution(outputs, offsets), money).sum()

    for size in (0.0, 1.0, -50.0, 1e6):
        outputs = np.full((4, ziln.OUTPUTS), size, np.float32)
        assert np.isfinite(total(jax.numpy.asarray(outputs)))
        assert np.isfinite(jax.grad(total)(outputs)).all()
