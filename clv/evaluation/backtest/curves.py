"""What the charts show and metrics.json keeps of them: tenths of customers, gain charts, totals.

All are means over origins of figures within an origin, so that each origin counts alike. Tenths are ranked by a
model's own forecast, 1 the highest; customers it ties are spread over the tenths they straddle.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from clv.core.declared import OURS
from clv.evaluation.backtest.judged import Origin
from spark_jobs.judging import metrics, ranked

Array = np.ndarray
PROMISED = 0.8  # what the interval from p10 to p90 should hold
SHARES = np.linspace(0, 1, 41)
LIKELY_BUYERS = 0.8  # tenths with a lesser chance of no purchase are where an interval has two ends


def coverage(origins: list[Origin]) -> dict[str, Any]:
    """Coverage and width (money) of ours, overall and by predicted tenth, each the mean over origins."""
    means_by_decile = []
    for origin in origins:
        forecast = origin.forecasts[OURS]
        if forecast.mean is None or forecast.low is None or forecast.high is None:
            continue
        inside = ((origin.y >= forecast.low) & (origin.y <= forecast.high)).astype(float)
        p = np.full(len(origin.y), np.nan) if forecast.p_purchase is None else forecast.p_purchase
        means_by_decile.append(
            ranked.decile_means(forecast.mean, inside, forecast.high - forecast.low, forecast.mean, origin.y, 1 - p)
        )
    rows = _decile_rows(means_by_decile, ("coverage", "width", "predicted_mean", "actual_mean", "p_no_purchase"))
    overall = [metrics.coverage(*found) for origin in origins if (found := origin.arguments("coverage_80", OURS))]
    widths = [metrics.width(*found) for origin in origins if (found := origin.arguments("width_80", OURS))]
    return {
        "promised": PROMISED,
        "coverage": np.mean(overall) if overall else None,
        "width": np.mean(widths) if widths else None,
        "by_decile": rows,
    }


def reliability(origins: list[Origin], models: list[str | None]) -> dict[str, list[dict]]:
    """For each model, by tenth of its probability: the mean said and the share that bought."""
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
    """For each model, by tenth of its mean forecast: the mean said, the mean that came, and the first over the second
    less 1, of the means over origins."""
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
    """Gain charts: the share of all money that the first `shares` of customers brought, by model's ranking and by
    the perfect one."""
    earning = [origin for origin in origins if origin.y.sum() > 0]

    def mean(rows: list[Array]) -> Array | None:
        return np.mean(rows, axis=0) if rows else None

    def of(model: str) -> Array | None:
        pairs = [pair for origin in earning if (pair := origin.arguments("rmse", model))]
        return mean([ranked.gains(pair[0], pair[1], SHARES) for pair in pairs])

    charts = {model: of(model) for model in filter(None, models)}
    perfect = mean([ranked.gains(origin.y, origin.y, SHARES) for origin in earning])
    return {"shares": SHARES, "models": charts, "perfect": perfect}


def totals(origins: list[Origin], models: list[str]) -> dict[str, dict[str, Any]]:
    """By origin: customers, the money that came, and each model's total and signed bias (0.1: 10 % too much)."""
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
    means = np.mean(np.array(by_origin), axis=0)  # (names, tenths)
    return [
        {"decile": number + 1} | {name: float(means[place, number]) for place, name in enumerate(names)}
        for number in range(ranked.DECILES)
    ]
