"""Medians and intervals from the errors on holdouts: the ratio of actual to expected spend of buyers.

A customer's revenue within a horizon is 0 with probability 1 - p, and otherwise `value / p` times a ratio. The
distribution of the ratio comes from customers with similar predictions at holdouts, which the learners had not seen
(split conformal prediction). The ratio has two sources: the differences between buyers, measured after scaling each
holdout's predictions to the actual total, and the error of that total, which all buyers share. Without the second
source, a shop whose customers are all alike would get intervals of width 0.
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
# Below this probability of an order all used percentiles are 0, and value / p would become too large.
LEAST_CHANCE = 0.02
LEAST_NO_ORDER = 0.1  # probability of no order above which an interval starts at 0 and ends at its 80th percentile
# Nine equally likely errors of the buyers' mean, in standard deviations.
SHARED_STEPS = norm.ppf((np.arange(9) + 0.5) / 9)


@dataclass(frozen=True)
class Intervals:
    """Conformal intervals.

    edges: inner edges of the bins by predicted value relative to the mean, shape (bins - 1,). ratios: quantiles at
    LEVELS of a buyer's actual over expected spend, shape (bins, len(LEVELS)). squares: the mean square of the ratios
    without the shared error, shape (bins,).
    """

    edges: list[float]
    ratios: list[list[float]]
    squares: list[float]

    def quantile(self, level: float | Array, value: Array, p: Array, mean: float) -> Array:
        """Returns the `level` quantile of each customer's revenue, shape (n,). It is 0 where the probability of no
        order is at least `level`.

        value: each customer's predicted mean revenue. mean: the mean of these over all customers. p: the probability of
        an order.
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
        """Returns the bounds of the 80 % interval. If the probability of no order is above LEAST_NO_ORDER, the interval
        goes from 0 to the 80th percentile, else from the 10th to the 90th. Its lower bound is never above the mean."""
        often_none = 1 - p > LEAST_NO_ORDER
        low = np.where(often_none, 0.0, np.minimum(self.quantile(0.1, value, p, mean), value))
        return low, self.quantile(np.where(often_none, 0.8, 0.9), value, p, mean)

    def own_spread(self, value: Array, p: Array, mean: float) -> Array:
        """Returns the standard deviation of each customer's revenue, shape (n,), without the error that customers
        share. The second moment of a buyer's spend comes from `squares`; non-buyers contribute 0."""
        squares = np.array(self.squares)[self._bins(value, mean)]
        return value * np.sqrt(np.maximum(squares / np.clip(p, LEAST_CHANCE, 1) - 1, 0))

    def _bins(self, value: Array, mean: float) -> Array:
        return np.searchsorted(self.edges, value / max(mean, 1e-12), side="right")


def calibrate(actual: Sequence[Array], value: Sequence[Array], p: Sequence[Array]) -> Intervals:
    """Builds the intervals from all holdouts together. Takes for each holdout the actual revenue, the prediction, and
    the probability of an order, shape (n,) each.

    Each holdout's predictions are scaled to the actual total of its buyers; the sizes of these factors give the shared
    error. The bins, ten at most, have equally many customers and at least BUYERS_PER_BIN buyers each. With fewer buyers
    in total, the result is `unmeasured`.
    """
    places, ratios, shared = [], [], []
    for money, predicted, chance in zip(actual, value, p, strict=True):
        bought = money > 0
        expected = predicted / np.clip(chance, LEAST_CHANCE, 1)
        if bought.any() and expected[bought].sum() > 0:
            places.append(normalised(predicted)[bought])
            scale = money[bought].sum() / expected[bought].sum()
            ratios.append(money[bought] / (expected[bought] * scale))
            shared.append(float(np.log(scale)))
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
    # The quantiles use (n + 1) instead of n, because the next customer is one more draw from the same distribution.
    # This widens the tails a little.
    factors = np.exp(spread(shared, len(shared)) * SHARED_STEPS)
    quantiles = [
        np.quantile(np.outer(ratio[number == b], factors), np.clip(0.5 + (LEVELS - 0.5) * (1 + 1 / buyers[b]), 0, 1))
        for b in range(len(edges) + 1)
    ]
    squares = [float(np.mean(ratio[number == b] ** 2)) for b in range(len(edges) + 1)]
    return Intervals([float(edge) for edge in edges], [[float(r) for r in row] for row in quantiles], squares)


def unmeasured(spread: float = 1.0) -> Intervals:
    """Returns intervals for use without holdouts: a log-normal ratio of mean one with standard deviation `spread` in
    logs, cut at 1 % and 99 %."""
    levels = np.clip(LEVELS, 0.01, 0.99)
    return Intervals([], [np.exp(spread * norm.ppf(levels) - spread**2 / 2).tolist()], [float(np.exp(spread**2))])
