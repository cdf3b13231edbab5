"""Whether predicted uplift is as large as it says: the actual uplift by decile, and a test of its differences.

The actual uplift of a customer is that of `learners.differences`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from clv.decisions.experiments.differences import ALPHA
from clv.decisions.uplift.policy import Estimate
from spark_jobs.judging import ranked

Array = np.ndarray


@dataclass(frozen=True)
class Decile:
    """A tenth of the customers by predicted uplift, 1 the highest: mean predicted and actual uplift per customer."""

    decile: int
    predicted: float
    actual: Estimate


def slope(predicted: Array, actual: Array) -> Estimate:
    """How much the actual uplift rises with the predicted one: 1 if differences are as large as predicted, 0 if the
    prediction distinguishes nobody. NaN if all predictions are equal.

    The slope of the best linear predictor, with an interval that is robust to unequal variances (HC1).

    Source: Chernozhukov, Demirer, Duflo & Fernández-Val 2018, "Generic machine learning inference on heterogeneous
    treatment effects in randomized experiments", arXiv 1712.04802, with doubly robust scores for the outcome.
    """
    n, from_mean = len(predicted), predicted - predicted.mean()
    spread = float(from_mean @ from_mean)
    if not spread:
        return Estimate(np.nan, np.nan, np.nan)
    estimate = float(from_mean @ actual) / spread
    rest = actual - actual.mean() - estimate * from_mean
    half = (
        float(stats.norm.ppf(1 - ALPHA / 2) * np.sqrt((from_mean * rest) @ (from_mean * rest) * n / (n - 2))) / spread
    )
    return Estimate(estimate, estimate - half, estimate + half)


def calibrated(predicted: Array, of_others: Array, actual: Array) -> Array:
    """Predictions made as large as the actual uplift of others: with their mean, and with differences as large. Where
    theirs are in the opposite order, the prediction distinguishes nobody, and everybody gets the mean.

    predicted: shape (n,). of_others, actual: predicted and actual uplift of other customers, shape (others,).
    """
    factor = np.nan_to_num(max(slope(of_others, actual).mean, 0.0))
    return actual.mean() + factor * (predicted - predicted.mean())


def deciles(by: Array, predicted: Array, actual: Array) -> list[Decile]:
    """Predicted and actual uplift by decile of `by`, shape (n,); customers whose `by` is equal share their places."""
    means = zip(*ranked.decile_means(by, predicted, actual, actual**2), strict=True)
    rows = len(predicted) / ranked.DECILES
    found = []
    for number, (expected, middle, square) in enumerate(means, 1):
        half = float(stats.norm.ppf(1 - ALPHA / 2) * np.sqrt(max(square - middle**2, 0.0) / max(rows - 1, 1)))
        found.append(
            Decile(number, float(expected), Estimate(float(middle), float(middle - half), float(middle + half)))
        )
    return found
