"""Bootstrap resamples of customers, by which the difference of two forecasts is distinguished from chance.

A resample is a row of weights: how often each customer was drawn (see `metrics`). Both forecasts are judged on the same
resamples (paired bootstrap: Efron & Tibshirani 1993, *An Introduction to the Bootstrap*).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

Array = np.ndarray
RESAMPLES = 200
AT_ONCE, WEIGHTS_AT_ONCE = 50, 20_000_000  # number of resamples, and of their weights, that are in memory at once
SEED = 95
PERCENTILES = (2.5, 97.5)  # bounds of the 95 % interval


def resamples(customers: int) -> Iterator[Array]:
    """Yields RESAMPLES resamples in parts of the shape (resamples, customers); equal numbers give equal resamples."""
    random = np.random.default_rng(SEED)
    at_once = max(1, min(AT_ONCE, WEIGHTS_AT_ONCE // max(customers, 1)))
    for start in range(0, RESAMPLES, at_once):
        drawn = random.integers(0, customers, (min(at_once, RESAMPLES - start), customers))
        yield np.stack([np.bincount(row, minlength=customers) for row in drawn]).astype(float)


def interval(differences: Array) -> tuple[float, float]:
    """Returns the 95 % interval of a difference, from its values on resamples."""
    low, high = np.percentile(differences, PERCENTILES)
    return float(low), float(high)


def is_significant(low: float, high: float) -> bool:
    """Returns whether the interval of a difference does not contain 0."""
    return bool(low > 0 or high < 0)
