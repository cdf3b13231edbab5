"""Accuracy of a forecast: every formula that training and the backtest judge by.

All take arrays of one length n: y (actual revenue per customer), f (prediction), or bought (0 or 1) and p (its
probability). `w` are weights by customer: a weight of k is the same as k equal customers, so a bootstrap resample is a
row of counts. Without weights the result is a float; w of shape (n,) gives a float, of shape (resamples, n) one figure
per row. A figure that is not defined (no revenue, no buyers) is 0.

Tied customers share what their ranks bring, so the order of the rows never matters: predicting zero for half the shop
is worth as much as a random order among them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from spark_jobs.judging import ranked

Array = np.ndarray
THRESHOLD = 0.5  # a customer with at least this probability is predicted to buy


def wape(y: Array, f: Array, w: Array | None = None) -> Any:
    """Sum of absolute errors over the sum of actuals. It rewards low predictions; see `signed_bias`."""
    w = ranked.weights(y, w)
    return ranked.ratio(w @ np.abs(y - f), w @ np.abs(y))


def mae(y: Array, f: Array, w: Array | None = None) -> Any:
    """Mean absolute error, in money per customer."""
    return _mean(np.abs(y - f), w)


def rmse(y: Array, f: Array, w: Array | None = None) -> Any:
    """Root of the mean squared error, in money."""
    return ranked.figure(np.sqrt(_mean((y - f) ** 2, w)))


def signed_bias(y: Array, f: Array, w: Array | None = None) -> Any:
    """Predicted total over actual total, minus 1: 0.1 is ten per cent too much."""
    w = ranked.weights(y, w)
    return ranked.ratio(w @ (f - y), w @ y)


def bias(y: Array, f: Array, w: Array | None = None) -> Any:
    """Distance of the predicted total from the actual one, in either direction: |`signed_bias`|."""
    return ranked.figure(np.abs(signed_bias(y, f, w)))


def r2(y: Array, f: Array, w: Array | None = None) -> Any:
    """1 minus squared errors over squared distances from the mean: 0 for predicting the actual mean for everyone."""
    w = ranked.weights(y, w)
    spread = w @ y**2 - _mean(y, w) * (w @ y)
    return ranked.figure(np.where(spread > 0, 1 - ranked.ratio(w @ (y - f) ** 2, spread), 0.0))


def normalized_gini(y: Array, f: Array, w: Array | None = None) -> Any:
    """Normalised Gini: the gain chart's 2 · mean(cumulative share) - 1 when ranked by f, over the same ranked by y.

    As google/lifetime_value computes it (Wang, Liu & Miao 2019, arXiv:1912.07753): 1 when customers are ranked as
    they turned out, near -1 when in reverse. Its cumulative shares include the customer themselves, so one tied
    forecast for all gives 1/n of the perfect ranking's figure rather than exactly 0.
    """
    w = ranked.weights(y, w)
    return ranked.ratio(_gain(y, f, w), np.where(w @ y > 0, _gain(y, y, w), 0))


def spearman(y: Array, f: Array, w: Array | None = None) -> Any:
    """Correlation of ranks; ties share ranks. It rewards ties at zero where most buy nothing."""
    w = ranked.weights(y, w)
    middle = (w.sum(axis=-1, keepdims=True) + 1) / 2
    a, b = ranked.mid_ranks(y, w) - middle, ranked.mid_ranks(f, w) - middle
    over = np.sqrt((w * a**2).sum(axis=-1) * (w * b**2).sum(axis=-1))
    return ranked.ratio((w * a * b).sum(axis=-1), over)


def spearman_buyers(y: Array, f: Array, w: Array | None = None) -> Any:
    """`spearman` among the customers who brought money."""
    return spearman(y[y > 0], f[y > 0], None if w is None else w[..., y > 0])


def decile_mape(y: Array, f: Array, w: Array | None = None) -> Any:
    """Mean over deciles of customers ranked by f of |mean prediction - mean actual| / mean actual.

    The decile-level MAPE of Wang, Liu & Miao 2019. A decile without revenue counts 1 (0 if nothing was predicted):
    leaving it out would reward a forecast for putting its error there.
    """
    predicted, actual = ranked.decile_means(f, f, y, w=w)
    tolerance = 1e-9 * np.abs(actual).max(axis=-1, keepdims=True)  # of rounding errors, where the true mean is 0
    error = np.divide(
        np.abs(predicted - actual), actual, out=(predicted > tolerance).astype(float), where=actual > tolerance
    )
    return ranked.figure(error.mean(axis=-1))


def top_capture(y: Array, f: Array, share: float = 0.1, w: Array | None = None) -> Any:
    """Share of all revenue from the customers ranked first by f (a `share` of them): a point of `ranked.gains`.

    Not divided by that of a perfect ranking (`top_capture(y, y, share)`), which is far below 1 too.
    """
    w = ranked.weights(y, w)
    return ranked.figure(ranked.gains(y, f, np.array([share]), w)[..., 0])


def top_10_capture(y: Array, f: Array, w: Array | None = None) -> Any:
    """`top_capture` of the first decile."""
    return top_capture(y, f, 0.1, w)


def top_20_capture(y: Array, f: Array, w: Array | None = None) -> Any:
    """`top_capture` of the first fifth."""
    return top_capture(y, f, 0.2, w)


def auc(bought: Array, p: Array, w: Array | None = None) -> Any:
    """Probability that a buyer has a higher prediction than a customer who did not buy; ties count half."""
    w = ranked.weights(bought, w)
    people, buyers = ranked.grouped(p, w, bought)
    others = people - buyers
    won = (buyers * (np.cumsum(others, axis=-1) - others / 2)).sum(axis=-1)
    return ranked.ratio(won, buyers.sum(axis=-1) * others.sum(axis=-1))


def pr_auc(bought: Array, p: Array, w: Array | None = None) -> Any:
    """Average precision: precision at each distinct probability, weighted by the recall it adds.

    The step-wise area under the precision-recall curve, without interpolation (scikit-learn's
    average_precision_score).
    """
    w = ranked.weights(bought, w)
    people, buyers = ranked.grouped(-p, w, bought)
    precision = ranked.ratio(np.cumsum(buyers, axis=-1), np.cumsum(people, axis=-1))
    return ranked.ratio((buyers * precision).sum(axis=-1), buyers.sum(axis=-1))


def brier(bought: Array, p: Array, w: Array | None = None) -> Any:
    """Mean squared error of a probability (Brier 1950)."""
    return _mean((bought - p) ** 2, w)


def log_loss(bought: Array, p: Array, w: Array | None = None) -> Any:
    """Mean negative log-likelihood of a probability, bounded away from 0 and 1 by 1e-6."""
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return _mean(-np.where(bought > 0, np.log(p), np.log1p(-p)), w)


def accuracy(bought: Array, p: Array, w: Array | None = None) -> Any:
    """Share of customers for whom p >= THRESHOLD correctly predicts whether they buy."""
    return _mean((p >= THRESHOLD) == (bought > 0), w)


def precision(bought: Array, p: Array, w: Array | None = None) -> Any:
    """Share of buyers among those with p >= THRESHOLD; 0 where there are none."""
    w = ranked.weights(bought, w)
    return ranked.ratio(w @ ((p >= THRESHOLD) & (bought > 0)), w @ (p >= THRESHOLD))


def recall(bought: Array, p: Array, w: Array | None = None) -> Any:
    """Share of the buyers who have p >= THRESHOLD."""
    w = ranked.weights(bought, w)
    return ranked.ratio(w @ ((p >= THRESHOLD) & (bought > 0)), w @ (bought > 0))


def f1(bought: Array, p: Array, w: Array | None = None) -> Any:
    """Harmonic mean of `precision` and `recall`."""
    w = ranked.weights(bought, w)
    return ranked.ratio(2 * (w @ ((p >= THRESHOLD) & (bought > 0))), w @ (p >= THRESHOLD) + w @ (bought > 0))


def coverage(y: Array, low: Array, high: Array, w: Array | None = None) -> Any:
    """Share of customers whose revenue lay within [low, high], ends included."""
    return _mean((y >= low) & (y <= high), w)


def width(y: Array, low: Array, high: Array, w: Array | None = None) -> Any:  # noqa: ARG001 - called like coverage
    """Mean of high - low, in money per customer."""
    return _mean(high - low, w)


def tweedie_deviance(y: Array, f: Array, power: float = 1.5) -> float:
    """Mean Tweedie deviance with 1 < power < 2, for revenue that is often zero; f > 0."""
    f = np.maximum(f, 1e-9)
    whole = np.maximum(y, 0) ** (2 - power) / ((1 - power) * (2 - power))
    return float(2 * np.mean(whole - y * f ** (1 - power) / (1 - power) + f ** (2 - power) / (2 - power)))


@dataclass(frozen=True)
class Metric:
    """A metric of the backtest: its formula, what it judges (median, mean, p_purchase or interval; the interval's
    formulas take y, low and high), and whether more of it is better (None: neither)."""

    formula: Callable[..., Any]
    judges: str
    more_is_better: bool | None


METRICS = {
    "wape_of_median": Metric(wape, "median", False),
    "mae_of_median": Metric(mae, "median", False),
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
    "coverage_80": Metric(coverage, "interval", None),
    "width_80": Metric(width, "interval", None),
}


# Former names of these metrics, which metrics.json keeps for one release.
FORMER_NAMES = {"wape": "wape_of_median", "mae": "mae_of_median"}


def of_money(y: Array, f: Array) -> dict[str, float]:
    """The metrics of a forecast of revenue that training records, by name."""
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
    """2 · mean over customers of the cumulative share of revenue, ranked by f, minus 1."""
    people, money = ranked.grouped(-f, w, y)
    before = np.cumsum(money, axis=-1) - money
    total = money.sum(axis=-1)
    return 2 * ranked.ratio((people * before + money * (people + 1) / 2).sum(axis=-1), total * people.sum(axis=-1)) - 1
