"""Intervals from held-back errors: what buyers spent over what was expected of them, per bin of predicted value.

A customer's money over a horizon is 0 with chance 1 - p and else `value / p` times a ratio whose distribution is
taken from customers of a like predicted value at an origin that the learners had not seen (split conformal).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

LEVELS = np.linspace(0, 1, 41)
BUYERS_PER_BIN = 50
BINS = 10


@dataclass(frozen=True)
class Intervals:
    """`edges`: inner borders of the bins of predicted value, shape (bins - 1,), money. `ratios`: quantiles at
    LEVELS of a buyer's spend over the expected spend of a buyer, shape (bins, len(LEVELS))."""

    edges: list[float]
    ratios: list[list[float]]

    def quantile(self, level: float, value: np.ndarray, p: np.ndarray) -> np.ndarray:
        """The `level` quantile of each customer's money, shape (n,): 0 where nothing is likelier than that.

        value: mean money over the horizon. p: chance of an order in it. So p10 is 0 for everyone whose chance
        of not buying is 10 % or more: it is a percentile, and the band up to p90 then holds nine in ten.
        """
        p = np.clip(p, 1e-9, 1.0)
        among_buyers = np.clip((level - (1 - p)) / p, 0, 1)
        bins = np.searchsorted(self.edges, value, side="right")
        result = np.zeros(len(value))
        for number, ratios in enumerate(self.ratios):
            rows = bins == number
            result[rows] = np.interp(among_buyers[rows], LEVELS, ratios)
        return np.where(level <= 1 - p, 0.0, result * value / p)


def calibrate(y: np.ndarray, value: np.ndarray, p: np.ndarray) -> Intervals:
    """Intervals from a held-back origin: y money that came, value its forecast, p the chance of an order.

    As many bins of equally many customers, up to ten, as leave each BUYERS_PER_BIN buyers; with fewer than that in
    all, a log-normal with a spread of one in logs.
    """
    bought = y > 0
    for bins in range(BINS, 0, -1):
        edges = np.unique(np.quantile(value, np.arange(1, bins) / bins)) if len(value) else np.array([])
        number = np.searchsorted(edges, value, side="right")
        buyers = np.bincount(number[bought], minlength=len(edges) + 1)
        if buyers.min() >= BUYERS_PER_BIN:
            break
    else:
        return unmeasured()
    ratio = y / np.maximum(value / np.clip(p, 1e-9, 1), 1e-9)
    # (n + 1) in place of n: the next customer is one more of the same kind, which widens the tails a little.
    ratios = [
        np.quantile(ratio[bought & (number == b)], np.clip(0.5 + (LEVELS - 0.5) * (1 + 1 / buyers[b]), 0, 1))
        for b in range(len(edges) + 1)
    ]
    return Intervals([float(edge) for edge in edges], [[float(r) for r in row] for row in ratios])


def unmeasured(spread: float = 1.0) -> Intervals:
    """Where nothing could be held back: log-normal of mean one, `spread` in logs, cut at 1 % and 99 %."""
    levels = np.clip(LEVELS, 0.01, 0.99)
    return Intervals([], [np.exp(spread * norm.ppf(levels) - spread**2 / 2).tolist()])
