"""Medians and intervals from errors on closed origins: the ratio of actual to expected spend of buyers.

A customer's revenue within a horizon is 0 with probability 1 - p, and otherwise `value / p` times a ratio. The
distribution of the ratio comes from customers with similar predictions on origins that the learners had not seen (split
conformal prediction). The ratio has two sources: how buyers differ from each other, measured after scaling each
origin's predictions to the actual total, and the error of that total, which all buyers share. Without the second, a
shop whose customers are all alike would have intervals of no width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from spark_jobs.ensemble.blending import normalised
from spark_jobs.ensemble.totals import spread
from spark_jobs.features.columns import Array

LEVELS = np.linspace(0, 1, 41)
BUYERS_PER_BIN = 60
BINS = 10
LEAST_CHANCE = 0.02  # below it all percentiles in use are 0, and value / p would be too large
RARELY = 0.1  # probability of no order above which an interval starts at 0 and ends at its 80th percentile
SHARED_STEPS = norm.ppf((np.arange(9) + 0.5) / 9)  # equally likely errors of the buyers' mean, in standard deviations


@dataclass(frozen=True)
class Intervals:
    """Conformal intervals.

    edges: inner borders of the bins of predicted value over its mean, shape (bins - 1,). ratios: quantiles at LEVELS of
    a buyer's actual over expected spend, shape (bins, len(LEVELS)). squares: the mean square of these ratios without
    the shared error, shape (bins,).
    """

    edges: list[float]
    ratios: list[list[float]]
    squares: list[float]

    def quantile(self, level: float | Array, value: Array, p: Array, mean: float) -> Array:
        """The `level` quantile of each customer's revenue, shape (n,): 0 where no order is more likely than that.

        value: mean revenue within the horizon; mean: that of all customers. p: probability of an order.
        """
        p = np.clip(p, 1e-9, 1.0)
        among_buyers = np.clip((level - (1 - p)) / p, 0, 1)
        bins = self._bins(value, mean)
        result = np.zeros(len(value))
        for number, ratios in enumerate(self.ratios):
            rows = bins == number
            result[rows] = np.interp(among_buyers[rows], LEVELS, ratios)
        return np.where(level <= 1 - p, 0.0, result * value / p)

    def bounds(self, value: Array, p: Array, mean: float) -> tuple[Array, Array]:
        """The 80 % interval: from 0 to the 80th percentile if the probability of no order is above RARELY, else from
        the 10th to the 90th; its lower end is never above the mean."""
        rarely = 1 - p > RARELY
        low = np.where(rarely, 0.0, np.minimum(self.quantile(0.1, value, p, mean), value))
        return low, self.quantile(np.where(rarely, 0.8, 0.9), value, p, mean)

    def own_spread(self, value: Array, p: Array, mean: float) -> Array:
        """Standard deviation of each customer's revenue, shape (n,), without the error that customers share. Its square
        comes from `squares` for buyers, and from 0 for others."""
        squares = np.array(self.squares)[self._bins(value, mean)]
        return value * np.sqrt(np.maximum(squares / np.clip(p, LEAST_CHANCE, 1) - 1, 0))

    def _bins(self, value: Array, mean: float) -> Array:
        return np.searchsorted(self.edges, value / max(mean, 1e-12), side="right")


def calibrate(actual: Sequence[Array], value: Sequence[Array], p: Sequence[Array]) -> Intervals:
    """Intervals from all closed origins together. Takes per origin the actual revenue, the prediction, and the
    probability of an order.

    Each origin's predictions are scaled to the actual total of its buyers; the size of these factors gives the shared
    error. Uses up to ten bins with equally many customers, each with at least BUYERS_PER_BIN buyers; with fewer buyers,
    a log-normal distribution with a standard deviation of one in logs.
    """
    places, ratios, shared = [], [], []
    for money, predicted, chance in zip(actual, value, p, strict=True):
        bought = money > 0
        expected = predicted / np.clip(chance, LEAST_CHANCE, 1)
        if bought.any() and expected[bought].sum() > 0:
            places.append(normalised(predicted)[bought])
            moved = money[bought].sum() / expected[bought].sum()
            ratios.append(money[bought] / (expected[bought] * moved))
            shared.append(float(np.log(moved)))
    if not places:
        return unmeasured()
    place, ratio = np.concatenate(places), np.concatenate(ratios)
    everyone = np.concatenate([normalised(predicted) for predicted in value])
    for bins in range(BINS, 0, -1):
        edges = np.unique(np.quantile(everyone, np.arange(1, bins) / bins))
        number = np.searchsorted(edges, place, side="right")
        buyers = np.bincount(number, minlength=len(edges) + 1)
        if buyers.min() >= BUYERS_PER_BIN:
            break
    else:
        return unmeasured()
    # (n + 1) instead of n, since the next customer is one more of the same kind; this widens the tails a little.
    factors = np.exp(spread(shared, len(shared)) * SHARED_STEPS)
    quantiles = [
        np.quantile(np.outer(ratio[number == b], factors), np.clip(0.5 + (LEVELS - 0.5) * (1 + 1 / buyers[b]), 0, 1))
        for b in range(len(edges) + 1)
    ]
    squares = [float(np.mean(ratio[number == b] ** 2)) for b in range(len(edges) + 1)]
    return Intervals([float(edge) for edge in edges], [[float(r) for r in row] for row in quantiles], squares)


def unmeasured(spread: float = 1.0) -> Intervals:
    """Intervals without holdouts: log-normal of mean one with `spread` in logs, cut at 1 % and 99 %."""
    levels = np.clip(LEVELS, 0.01, 0.99)
    return Intervals([], [np.exp(spread * norm.ppf(levels) - spread**2 / 2).tolist()], [float(np.exp(spread**2))])
