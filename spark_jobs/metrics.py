"""How good a forecast is. All take arrays of one length n: y what happened, f what was said (money per customer)."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

Array = np.ndarray


def wape(y: Array, f: Array) -> float:
    """Sum of absolute errors over the sum of what happened. It rewards saying too little; see `bias`."""
    return _ratio(np.abs(y - f).sum(), np.abs(y).sum())


def bias(y: Array, f: Array) -> float:
    """Total said over total that happened, less 1: 0.1 is ten per cent too much."""
    return _ratio(f.sum() - y.sum(), y.sum())


def rmse(y: Array, f: Array) -> float:
    """Root of the mean squared error, in money."""
    return float(np.sqrt(np.mean((y - f) ** 2)))


def gini(y: Array, f: Array) -> float:
    """Normalised Gini: 1 when customers are ranked as they turned out, 0 for a random order; ties share ranks."""
    return _ratio(_concentration(y, f), _concentration(y, y))


def spearman(y: Array, f: Array) -> float:
    """Correlation of ranks; ties share ranks."""
    a, b = rankdata(y) - (len(y) + 1) / 2, rankdata(f) - (len(f) + 1) / 2
    return _ratio((a * b).sum(), np.sqrt((a**2).sum() * (b**2).sum()))


def top_capture(y: Array, f: Array, share: float = 0.1) -> float:
    """Share of all money that the customers ranked first by f (a `share` of them) brought."""
    first = np.argsort(-f, kind="stable")[: max(1, int(len(f) * share))]
    return _ratio(y[first].sum(), y.sum())


def auc(bought: Array, p: Array) -> float:
    """Chance that a buyer was given a higher probability than a customer who did not buy; ties count half."""
    buyers = bought.astype(bool)
    n, m = buyers.sum(), (~buyers).sum()
    return _ratio(rankdata(p)[buyers].sum() - n * (n + 1) / 2, n * m)


def brier(bought: Array, p: Array) -> float:
    """Mean squared error of a probability."""
    return float(np.mean((bought - p) ** 2))


def log_loss(bought: Array, p: Array) -> float:
    """Mean negative log-likelihood of a probability, bounded away from 0 and 1 by 1e-6."""
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return float(-np.mean(np.where(bought > 0, np.log(p), np.log1p(-p))))


def tweedie_deviance(y: Array, f: Array, power: float = 1.5) -> float:
    """Mean Tweedie deviance with 1 < power < 2, for money that is often zero; f > 0."""
    f = np.maximum(f, 1e-9)
    whole = np.maximum(y, 0) ** (2 - power) / ((1 - power) * (2 - power))
    return float(2 * np.mean(whole - y * f ** (1 - power) / (1 - power) + f ** (2 - power) / (2 - power)))


def of_money(y: Array, f: Array) -> dict[str, float]:
    """The metrics of a forecast of money, by name."""
    scores = {"wape": wape, "bias": bias, "rmse": rmse, "gini": gini, "spearman": spearman, "top10": top_capture}
    return {name: score(y, f) for name, score in scores.items()}


def _concentration(y: Array, f: Array) -> float:
    rank = (rankdata(-f) - 0.5) / len(f)
    return float(((0.5 - rank) * y).sum())


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0
