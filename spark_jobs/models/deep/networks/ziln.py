"""The zero-inflated log-normal distribution of money: nothing with probability 1 − p, and otherwise log-normal.

Source of the loss: Wang, Liu & Miao (2019), A deep probabilistic model for customer lifetime value prediction,
arXiv:1912.07753, equation (1). The functions take arrays of numpy or of JAX.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

OUTPUTS = 3  # of a network: corrections to the log-odds and to mu, and sigma before it is bounded
LEAST_SIGMA, SIGMA_RANGE = 0.05, 2.0  # sigma lies between LEAST_SIGMA and the sum of both
LARGEST_CORRECTION = 4.0  # bound of a network's correction to an offset, in logs
LEAST_MONEY = 1e-9  # so that a logarithm exists where there is no money; it is not used there


class Ziln(NamedTuple):
    """The log-odds of money above 0, and mean and standard deviation of its logarithm if it is, shape (..., n)."""

    log_odds: Any
    mu: Any
    sigma: Any


def distribution(outputs: Any, offsets: Any) -> Ziln:
    """Returns the distribution of each customer's money.

    outputs: of a network, shape (..., n, OUTPUTS). offsets: log-odds and mu from which it starts, shape (n, 2). The
    bounds are smooth, so a gradient is never exactly 0.
    """
    xp = outputs.__array_namespace__()
    correction = LARGEST_CORRECTION * xp.tanh(outputs[..., :2] / LARGEST_CORRECTION)
    wide = xp.logaddexp(outputs[..., 2], xp.zeros_like(outputs[..., 2]))  # softplus
    sigma = LEAST_SIGMA + SIGMA_RANGE * wide / (SIGMA_RANGE + wide)
    return Ziln(offsets[..., 0] + correction[..., 0], offsets[..., 1] + correction[..., 1], sigma)


def loss(of: Ziln, money: Any) -> Any:
    """Returns the negative log-likelihood of each customer's money, shape (..., n). money: shape (n,), at least 0."""
    xp = of.mu.__array_namespace__()
    positive = money > 0
    zero = xp.zeros_like(of.log_odds)
    cross_entropy = xp.where(positive, xp.logaddexp(zero, -of.log_odds), xp.logaddexp(zero, of.log_odds))
    logs = xp.log(xp.where(positive, money, LEAST_MONEY))
    # Where there is no money, a constant stands for its log, so that no gradient passes through it.
    distance = xp.where(positive, (logs - of.mu) / of.sigma, zero)
    density = xp.where(positive, logs + xp.log(of.sigma) + 0.5 * math.log(2 * math.pi) + 0.5 * distance**2, zero)
    return cross_entropy + density


def chance(of: Ziln) -> Any:
    """Returns the probability of money above 0, shape (..., n)."""
    xp = of.mu.__array_namespace__()
    return xp.exp(-xp.logaddexp(xp.zeros_like(of.log_odds), -of.log_odds))


def mean(of: Ziln) -> Any:
    """Returns the mean money, shape (..., n)."""
    xp = of.mu.__array_namespace__()
    return chance(of) * xp.exp(of.mu + 0.5 * of.sigma**2)
