"""Metrics of a forecast's accuracy: all formulas by which training and the backtest judge.

All functions take arrays of one length n: y (actual revenue per customer) and f (predicted revenue), or bought (0 or 1)
and p (its predicted probability). `w` are weights by customer: a weight of k is the same as k equal customers, so a
bootstrap resample is a row of counts. Without weights or with w of shape (n,) the result is a float; with w of shape
(resamples, n) it has one figure per row. A figure that is not defined (no revenue, no buyers) is 0.

Customers with equal predictions share the ranks that they occupy, so the order of the rows never matters. Predicting 0
for half the shop is worth as much as a random order among them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from spark_jobs.judging import ranked

Array = np.ndarray
THRESHOLD = 0.5  # a customer with at least this probability counts as predicted to buy


def wape(y: Array, f: Array, w: Array | None = None) -> Any:
    """Sum of absolute errors over the sum of actuals. Predictions that are too low can improve it, so read it with
    `signed_bias`."""
    w = ranked.weights(y, w)
    return ranked.ratio(w @ np.abs(y - f), w @ np.abs(y))


def mae(y: Array, f: Array, w: Array | None = None) -> Any:
    """Mean absolute error, in money per customer."""
    return _mean(np.abs(y - f), w)


def mse(y: Array, f: Array, w: Array | None = None) -> Any:
    """Mean squared error, in squared money per customer."""
    return _mean((y - f) ** 2, w)


def rmse(y: Array, f: Array, w: Array | None = None) -> Any:
    """Root of the mean squared error, in money."""
    return ranked.figure(np.sqrt(mse(y, f, w)))


def signed_bias(y: Array, f: Array, w: Array | None = None) -> Any:
    """Predicted total over actual total, minus 1: 0.1 means ten per cent too much."""
    w = ranked.weights(y, w)
    return ranked.ratio(w @ (f - y), w @ y)


def bias(y: Array, f: Array, w: Array | None = None) -> Any:
    """Absolute value of `signed_bias`: the relative error of the total in either direction."""
    return ranked.figure(np.abs(signed_bias(y, f, w)))


def r2(y: Array, f: Array, w: Array | None = None) -> Any:
    """Coefficient of determination: 1 minus the sum of squared errors over that of distances from the mean. Predicting
    the actual mean for everyone gives 0."""
    w = ranked.weights(y, w)
    spread = w @ y**2 - _mean(y, w) * (w @ y)
    return ranked.figure(np.where(spread > 0, 1 - ranked.ratio(w @ (y - f) ** 2, spread), 0.0))


def normalized_gini(y: Array, f: Array, w: Array | None = None) -> Any:
    """Normalised Gini coefficient: 2 · mean(cumulative share of revenue) - 1 with customers ranked by f, over the same
    with customers ranked by y.

    Computed as in google/lifetime_value (Wang, Liu & Miao 2019, arXiv:1912.07753): 1 if customers are ranked in the
    order of their actual revenue, near -1 if in reverse. A customer's cumulative share includes the customer, so equal
    predictions for all give 1/n of the perfect ranking's figure rather than exactly 0.
    """
    w = ranked.weights(y, w)
    return ranked.ratio(_gain(y, f, w), np.where(w @ y > 0, _gain(y, y, w), 0))


def spearman(y: Array, f: Array, w: Array | None = None) -> Any:
    """Spearman's rank correlation; ties share their mean rank. Where most customers buy nothing, equal predictions of 0
    improve it."""
    w = ranked.weights(y, w)
    middle = (w.sum(axis=-1, keepdims=True) + 1) / 2
    a, b = ranked.mid_ranks(y, w) - middle, ranked.mid_ranks(f, w) - middle
    over = np.sqrt((w * a**2).sum(axis=-1) * (w * b**2).sum(axis=-1))
    return ranked.ratio((w * a * b).sum(axis=-1), over)


def spearman_buyers(y: Array, f: Array, w: Array | None = None) -> Any:
    """Returns `spearman` among the customers with revenue."""
    return spearman(y[y > 0], f[y > 0], None if w is None else w[..., y > 0])


def decile_mape(y: Array, f: Array, w: Array | None = None) -> Any:
    """Mean over the deciles of customers ranked by f: |mean prediction - mean actual| / mean actual.

    This is the decile-level MAPE of Wang, Liu & Miao 2019. A decile without revenue counts as 1 (0 if nothing was
    predicted), because leaving it out would reward a forecast that puts its error there.
    """
    predicted, actual = ranked.decile_means(f, f, y, w=w)
    # Tolerance of rounding errors, for deciles whose true mean is 0.
    tolerance = 1e-9 * np.abs(actual).max(axis=-1, keepdims=True)
    error = np.divide(
        np.abs(predicted - actual), actual, out=(predicted > tolerance).astype(float), where=actual > tolerance
    )
    return ranked.figure(error.mean(axis=-1))


def top_capture(y: Array, f: Array, share: float = 0.1, w: Array | None = None) -> Any:
    """Share of all revenue that comes from the customers ranked highest by f, a `share` of all customers: a point of
    `ranked.gains`.

    It is not divided by the share of a perfect ranking (`top_capture(y, y, share)`), which is far below 1 too.
    """
    w = ranked.weights(y, w)
    return ranked.figure(ranked.gains(y, f, np.array([share]), w)[..., 0])


def top_10_capture(y: Array, f: Array, w: Array | None = None) -> Any:
    """Returns `top_capture` of the first decile."""
    return top_capture(y, f, 0.1, w)


def top_20_capture(y: Array, f: Array, w: Array | None = None) -> Any:
    """Returns `top_capture` of the first fifth."""
    return top_capture(y, f, 0.2, w)


def auc(bought: Array, p: Array, w: Array | None = None) -> Any:
    """Area under the ROC curve: the probability that a random buyer has a higher prediction than a random other
    customer. Ties count half."""
    w = ranked.weights(bought, w)
    people, buyers = ranked.grouped(p, w, bought)
    others = people - buyers
    won = (buyers * (np.cumsum(others, axis=-1) - others / 2)).sum(axis=-1)
    return ranked.ratio(won, buyers.sum(axis=-1) * others.sum(axis=-1))


def pr_auc(bought: Array, p: Array, w: Array | None = None) -> Any:
    """Average precision: the precision at each distinct probability, weighted by the recall that it adds.

    This is the area under the precision-recall curve as steps, without interpolation (scikit-learn's
    average_precision_score).
    """
    w = ranked.weights(bought, w)
    people, buyers = ranked.grouped(-p, w, bought)
    precision = ranked.ratio(np.cumsum(buyers, axis=-1), np.cumsum(people, axis=-1))
    return ranked.ratio((buyers * precision).sum(axis=-1), buyers.sum(axis=-1))


def brier(bought: Array, p: Array, w: Array | None = None) -> Any:
    """Brier score (Brier 1950): the mean squared error of a probability."""
    return _mean((bought - p) ** 2, w)


def log_loss(bought: Array, p: Array, w: Array | None = None) -> Any:
    """Mean negative log-likelihood of a probability, which is clipped to at least 1e-6 from 0 and 1."""
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return _mean(-np.where(bought > 0, np.log(p), np.log1p(-p)), w)


def accuracy(bought: Array, p: Array, w: Array | None = None) -> Any:
    """Share of customers for whom p >= THRESHOLD predicts correctly whether they buy."""
    return _mean((p >= THRESHOLD) == (bought > 0), w)


def precision(bought: Array, p: Array, w: Array | None = None) -> Any:
    """Share of buyers among the customers with p >= THRESHOLD; 0 if there are none."""
    w = ranked.weights(bought, w)
    return ranked.ratio(w @ ((p >= THRESHOLD) & (bought > 0)), w @ (p >= THRESHOLD))


def recall(bought: Array, p: Array, w: Array | None = None) -> Any:
    """Share of the buyers whose p is at least THRESHOLD."""
    w = ranked.weights(bought, w)
    return ranked.ratio(w @ ((p >= THRESHOLD) & (bought > 0)), w @ (bought > 0))


def f1(bought: Array, p: Array, w: Array | None = None) -> Any:
    """Harmonic mean of `precision` and `recall`."""
    w = ranked.weights(bought, w)
    return ranked.ratio(2 * (w @ ((p >= THRESHOLD) & (bought > 0))), w @ (p >= THRESHOLD) + w @ (bought > 0))


def churn_precision(bought: Array, p: Array, w: Array | None = None) -> Any:
    """Share of customers who buy nothing among those with p < THRESHOLD, who are predicted to churn; 0 if there are
    none."""
    w = ranked.weights(bought, w)
    return ranked.ratio(w @ ((p < THRESHOLD) & (bought == 0)), w @ (p < THRESHOLD))


def churn_recall(bought: Array, p: Array, w: Array | None = None) -> Any:
    """Share of the customers who buy nothing whose p is below THRESHOLD."""
    w = ranked.weights(bought, w)
    return ranked.ratio(w @ ((p < THRESHOLD) & (bought == 0)), w @ (bought == 0))


def coverage(y: Array, low: Array, high: Array, w: Array | None = None) -> Any:
    """Share of customers whose revenue lies within [low, high], ends included."""
    return _mean((y >= low) & (y <= high), w)


def width(y: Array, low: Array, high: Array, w: Array | None = None) -> Any:  # noqa: ARG001 - called like coverage
    """Mean of high - low, in money per customer."""
    return _mean(high - low, w)


def tweedie_deviance(y: Array, f: Array, power: float = 1.5) -> float:
    """Mean Tweedie deviance with 1 < power < 2, a loss for revenue that is often zero; f > 0."""
    f = np.maximum(f, 1e-9)
    whole = np.maximum(y, 0) ** (2 - power) / ((1 - power) * (2 - power))
    return float(2 * np.mean(whole - y * f ** (1 - power) / (1 - power) + f ** (2 - power) / (2 - power)))


@dataclass(frozen=True)
class Metric:
    """A metric of the backtest. formula: its function. judges: which prediction it takes (median, mean, p_purchase or
    interval); formulas for the interval take y, low and high. more_is_better: None if neither more nor less is."""

    formula: Callable[..., Any]
    judges: str
    more_is_better: bool | None


METRICS = {
    "wape_of_median": Metric(wape, "median", False),
    "mae_of_median": Metric(mae, "median", False),
    "mse": Metric(mse, "mean", False),
    "rmse": Metric(rmse, "mean", False),
    "bias": Metric(bias, "mean", False),
    "r2": Metric(r2, "mean", True),
    "spearman": Metric(spearman, "mean", True),
    "spearman_buyers": Metric(spearman_buyers, "mean", True),
    "normalized_gini": Metric(normalized_gini, "mean", True),
    "decile_mape": Metric(decile_mape, "mean", False),
    "top_10_capture": Metric(top_10_capture, "mean", True),
    "top_20_capture": Metric(top_20_capture, "mean", True),
    "auc": Metric(auc, "p_purchase", True),
    "pr_auc": Metric(pr_auc, "p_purchase", True),
    "brier": Metric(brier, "p_purchase", False),
    "log_loss": Metric(log_loss, "p_purchase", False),
    "accuracy": Metric(accuracy, "p_purchase", True),
    "precision": Metric(precision, "p_purchase", True),
    "recall": Metric(recall, "p_purchase", True),
    "f1": Metric(f1, "p_purchase", True),
    "churn_precision": Metric(churn_precision, "p_purchase", True),
    "churn_recall": Metric(churn_recall, "p_purchase", True),
    "coverage_80": Metric(coverage, "interval", None),
    "width_80": Metric(width, "interval", None),
}


# Former names of these metrics. metrics.json keeps them for one release.
FORMER_NAMES = {"wape": "wape_of_median", "mae": "mae_of_median"}


def of_money(y: Array, f: Array) -> dict[str, float]:
    """Returns the metrics of revenue predictions that a training records, by name."""
    scores = {
        "wape_of_mean": wape,
        "bias": bias,
        "signed_bias": signed_bias,
        "rmse": rmse,
        "gini": normalized_gini,
        "spearman": spearman,
        "top10": top_10_capture,
    }
    return {name: score(y, f) for name, score in scores.items()}


def _mean(values: Array, w: Array | None) -> Any:
    w = ranked.weights(values, w)
    return ranked.ratio(w @ values, w.sum(axis=-1))


def _gain(y: Array, f: Array, w: Array) -> Any:
    """Returns 2 · the mean over customers of the cumulative share of revenue, minus 1, with customers ranked by f."""
    people, money = ranked.grouped(-f, w, y)
    before = np.cumsum(money, axis=-1) - money
    total = money.sum(axis=-1)
    return 2 * ranked.ratio((people * before + money * (people + 1) / 2).sum(axis=-1), total * people.sum(axis=-1)) - 1
