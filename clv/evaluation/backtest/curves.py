"""Computes the data of the charts, which metrics.json keeps: figures by decile, gain charts, ROC curves, totals.

Each figure is computed within an origin and averaged over the origins, so that every origin has the same weight.
Deciles rank customers by a model's own prediction; 1 is the highest. Customers with tied predictions that straddle a
border belong to both deciles in proportion.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from clv.core.declared import OURS
from clv.evaluation.backtest.judged import Origin
from spark_jobs.judging import metrics, ranked

Array = np.ndarray
NOMINAL = 0.8  # nominal coverage of the interval from p10 to p90
SHARES = np.linspace(0, 1, 41)
MOST_NO_PURCHASE = NOMINAL  # where no purchase is more probable than this, zero alone covers enough of the customers
COVERAGE = ("coverage", "expected", "likely", "coverage_of_likely", "width")


def coverage(origins: list[Origin]) -> dict[str, Any]:
    """Coverage and width (in money) of our intervals by origin and by decile of the prediction, and COVERAGE as means
    over origins.

    `likely` is the share of the customers whose probability of no purchase is below MOST_NO_PURCHASE, and
    `coverage_of_likely` the coverage of these (None if there are none). `expected` is the coverage according to the
    probabilities: NOMINAL for a likely customer, and for every other the probability of no purchase, because the
    interval [0, 0] covers that much. No intervals that cover each customer with at least NOMINAL could cover less.
    """
    by_origin, means_by_decile = {}, []
    for origin in origins:
        forecast = origin.forecasts[OURS]
        if forecast.mean is None or forecast.p_purchase is None or forecast.low is None or forecast.high is None:
            continue
        no_purchase, width = 1 - forecast.p_purchase, forecast.high - forecast.low
        inside = ((origin.y >= forecast.low) & (origin.y <= forecast.high)).astype(float)
        expected, likely = np.maximum(no_purchase, NOMINAL), no_purchase < MOST_NO_PURCHASE
        of_likely = inside[likely].mean() if likely.any() else None
        figures = (inside.mean(), expected.mean(), likely.mean(), of_likely, width.mean())
        by_origin[origin.date] = dict(zip(COVERAGE, figures, strict=True))
        means_by_decile.append(
            ranked.decile_means(forecast.mean, inside, expected, width, forecast.mean, origin.y, no_purchase)
        )
    names = ("coverage", "expected", "width", "predicted_mean", "actual_mean", "p_no_purchase")
    known = {name: [row[name] for row in by_origin.values() if row[name] is not None] for name in COVERAGE}
    return {
        "promised": NOMINAL,
        **{name: np.mean(figures) if figures else None for name, figures in known.items()},
        "by_origin": by_origin,
        "by_decile": _decile_rows(means_by_decile, names),
    }


def reliability(origins: list[Origin], models: list[str | None]) -> dict[str, list[dict]]:
    """By model and decile of the predicted probability of a purchase: the mean probability and the share of customers
    who bought."""
    found = {}
    for model in filter(None, models):
        means_by_decile = [
            ranked.decile_means(pair[1], pair[1], pair[0])
            for origin in origins
            if (pair := origin.arguments("brier", model))
        ]
        found[model] = _decile_rows(means_by_decile, ("said", "happened"))
    return found


def deciles(origins: list[Origin], models: list[str | None]) -> dict[str, list[dict]]:
    """By model and decile of the mean prediction: the means over origins of the prediction and of the actual, and their
    ratio less 1."""
    found = {}
    for model in filter(None, models):
        means_by_decile = [
            ranked.decile_means(pair[1], pair[1], pair[0])
            for origin in origins
            if (pair := origin.arguments("decile_mape", model))
        ]
        rows = _decile_rows(means_by_decile, ("predicted_mean", "actual_mean"))
        for row in rows:
            row["error"] = row["predicted_mean"] / row["actual_mean"] - 1 if row["actual_mean"] > 1e-9 else None
        found[model] = rows
    return found


def lift(origins: list[Origin], models: list[str | None]) -> dict[str, Any]:
    """Gain charts: the share of all revenue that the first `shares` of customers brought, ranked by each model, and in
    the perfect ranking."""
    earning = [origin for origin in origins if origin.y.sum() > 0]

    def mean(rows: list[Array]) -> Array | None:
        return np.mean(rows, axis=0) if rows else None

    def of(model: str) -> Array | None:
        pairs = [pair for origin in earning if (pair := origin.arguments("rmse", model))]
        return mean([ranked.gains(pair[0], pair[1], SHARES) for pair in pairs])

    charts = {model: of(model) for model in filter(None, models)}
    perfect = mean([ranked.gains(origin.y, origin.y, SHARES) for origin in earning])
    return {"shares": SHARES, "models": charts, "perfect": perfect}


def roc(origins: list[Origin], models: list[str | None]) -> dict[str, Any]:
    """ROC curves: the share of the buyers whom each model ranks by probability before the first `shares` of the
    customers who bought nothing, as means over origins."""
    found = {}
    for model in filter(None, models):
        pairs = [pair for origin in origins if (pair := origin.arguments("auc", model))]
        if pairs:
            found[model] = np.mean([ranked.roc(pair[0], pair[1], SHARES) for pair in pairs], axis=0)
    return {"shares": SHARES, "models": found}


def totals(origins: list[Origin], models: list[str]) -> dict[str, dict[str, Any]]:
    """By origin: the number of customers, the actual total, and each model's total and signed bias (0.1: 10 % too
    high)."""
    found = {}
    for origin in origins:
        means = {model: origin.forecasts[model].mean for model in models}
        known = {model: mean for model, mean in means.items() if mean is not None}
        found[origin.date] = {
            "customers": len(origin.y),
            "actual": origin.y.sum(),
            "predicted": {model: mean.sum() for model, mean in known.items()},
            "signed_bias": {
                model: metrics.signed_bias(origin.y, mean) if origin.y.sum() > 0 else None
                for model, mean in known.items()
            },
        }
    return found


def _decile_rows(by_origin: list[list[Array]], names: tuple[str, ...]) -> list[dict]:
    if not by_origin:
        return []
    means = np.mean(np.array(by_origin), axis=0)  # shape (names, deciles)
    return [
        {"decile": number + 1} | {name: float(means[place, number]) for place, name in enumerate(names)}
        for number in range(ranked.DECILES)
    ]
