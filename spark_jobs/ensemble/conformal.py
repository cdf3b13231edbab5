"""Medians and intervals from errors at closed origins: what buyers spent over what was expected of them.

A customer's money over a horizon is 0 with chance 1 - p and else `value / p` times a ratio whose distribution is
taken from customers of a like predicted value at origins that the learners had not seen (split conformal). A ratio
has two parts: how buyers differ from each other, read off with each origin's buyers brought to what they spent, and
how far their mean may be off, which all of them share. Without the second, the interval of a shop whose customers are
all alike would be a point beside the actual.
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
LEAST_CHANCE = 0.02  # below it all percentiles in use are 0, and value / p would be out of all proportion
RARELY = 0.1  # chance of no order above which an interval starts at 0 and ends at its 80th percentile
SHARED_STEPS = norm.ppf((np.arange(9) + 0.5) / 9)  # equally likely errors of buyers' mean, in standard deviations


@dataclass(frozen=True)
class Intervals:
    """`edges`: inner borders of the bins of predicted value over its mean, shape (bins - 1,). `ratios`: quantiles at
    LEVELS of a buyer's spend over the expected spend of a buyer, shape (bins, len(LEVELS)). `squares`: the mean
    square of these ratios without what buyers share, shape (bins,)."""

    edges: list[float]
    ratios: list[list[float]]
    squares: list[float]

    def quantile(self, level: float | Array, value: Array, p: Array, mean: float) -> Array:
        """The `level` quantile of each customer's money, shape (n,): 0 where nothing is likelier than that.

        value: mean money over the horizon; mean: that of all customers. p: chance of an order.
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
        """The shortest honest interval that holds four in five: from 0 to the 80th percentile where no order is
        likelier than RARELY, else from the 10th to the 90th; never above the mean at its lower end."""
        rarely = 1 - p > RARELY
        low = np.where(rarely, 0.0, np.minimum(self.quantile(0.1, value, p, mean), value))
        return low, self.quantile(np.where(rarely, 0.8, 0.9), value, p, mean)

    def own_spread(self, value: Array, p: Array, mean: float) -> Array:
        """Standard deviation of each customer's money, shape (n,), apart from errors that customers share: of the
        square, a buyer's ratios have `squares`, and whoever does not buy nothing."""
        squares = np.array(self.squares)[self._bins(value, mean)]
        return value * np.sqrt(np.maximum(squares / np.clip(p, LEAST_CHANCE, 1) - 1, 0))

    def _bins(self, value: Array, mean: float) -> Array:
        return np.searchsorted(self.edges, value / max(mean, 1e-12), side="right")


def calibrate(actual: Sequence[Array], value: Sequence[Array], p: Sequence[Array]) -> Intervals:
    """Intervals from closed origins, pooled: per origin the actual money, its prediction, and the chance of an order.

    Each origin's prediction is brought to what its buyers spent; how much that took is the spread of buyers' mean. As
    many bins of equally many customers, up to ten, as leave each BUYERS_PER_BIN buyers; with fewer than that in all, a
    log-normal with a spread of one in logs.
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
    # (n + 1) in place of n: the next customer is one more of the same kind, which widens the tails a little.
    factors = np.exp(spread(shared, len(shared)) * SHARED_STEPS)
    quantiles = [
        np.quantile(np.outer(ratio[number == b], factors), np.clip(0.5 + (LEVELS - 0.5) * (1 + 1 / buyers[b]), 0, 1))
        for b in range(len(edges) + 1)
    ]
    squares = [float(np.mean(ratio[number == b] ** 2)) for b in range(len(edges) + 1)]
    return Intervals([float(edge) for edge in edges], [[float(r) for r in row] for row in quantiles], squares)


def unmeasured(spread: float = 1.0) -> Intervals:
    """Where nothing could be held back: log-normal of mean one, `spread` in logs, cut at 1 % and 99 %."""
    levels = np.clip(LEVELS, 0.01, 0.99)
    return Intervals([], [np.exp(spread * norm.ppf(levels) - spread**2 / 2).tolist()], [float(np.exp(spread**2))])
