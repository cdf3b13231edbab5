"""Converts the predictions frame into arrays: the actuals of each origin, and each model's predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from clv.core.declared import OURS
from spark_jobs.judging.metrics import METRICS

Array = np.ndarray
COLUMNS = ["customer_id", "origin", "horizon_days", "status", "p_purchase", "predicted_mean", "predicted_p10"]
COLUMNS += ["predicted_p50", "predicted_p90", "actual_orders", "actual_amount"]


@dataclass(frozen=True)
class Forecast:
    """A model's predictions for an origin's customers: arrays of shape (n,), None for what the model does not
    predict."""

    mean: Array | None = None
    median: Array | None = None
    p_purchase: Array | None = None
    low: Array | None = None
    high: Array | None = None


@dataclass(frozen=True)
class Origin:
    """The scored customers of an origin. customer: their positions among all customers of the frame, shape (n,); a
    customer has the same position at every origin. y: actual revenue. bought: 1.0 or 0.0."""

    date: str
    customer: Array
    y: Array
    bought: Array
    forecasts: dict[str, Forecast]

    def arguments(self, metric: str, model: str) -> tuple[Array, ...] | None:
        """The arguments of a metric's formula. None if the model does not predict what the metric judges, or if the
        actuals cannot judge it: no revenue, no buyer, or nobody but buyers.

        Metrics of the median use the mean for a model without medians.
        """
        forecast = self.forecasts.get(model)
        if forecast is None:
            return None
        judges = METRICS[metric].judges
        if judges == "p_purchase":
            known = forecast.p_purchase is not None and 0 < self.bought.sum() < len(self.bought)
            return (self.bought, forecast.p_purchase) if known else None  # type: ignore[return-value]
        if judges == "interval":
            known = forecast.low is not None and forecast.high is not None
            return (self.y, forecast.low, forecast.high) if known else None  # type: ignore[return-value]
        value = forecast.mean if forecast.median is None or judges == "mean" else forecast.median
        return (self.y, value) if value is not None and self.y.sum() > 0 else None


def origins(frame: pd.DataFrame) -> list[Origin]:
    """The origins that have scored customers, in the order of their dates.

    frame: one row per customer and origin, with COLUMNS, and for each baseline `<baseline>.p_purchase`,
    `.predicted_mean` and `.predicted_p50`. A baseline without a prediction for one of an origin's scored customers is
    not judged at that origin, because models are compared on the same customers. Raises ValueError when a column is
    missing.
    """
    missing = [column for column in COLUMNS if column not in frame]
    if missing:
        raise ValueError(f"the predictions lack the columns {', '.join(missing)}")
    scored = frame[(frame["status"] == "scored") & frame["predicted_mean"].notna()]
    positions = pd.factorize(scored["customer_id"].astype(str), sort=True)[0]
    dates = np.array([str(origin)[:10] for origin in scored["origin"]])
    return [_origin(day, scored.loc[dates == day], positions[dates == day]) for day in sorted(set(dates))]


def baselines(frame: pd.DataFrame) -> list[str]:
    """The names of the baselines that have columns in the frame, in the frame's order."""
    outputs = (".predicted_mean", ".p_purchase")
    return list(dict.fromkeys(name.rsplit(".", 1)[0] for name in frame.columns if name.endswith(outputs)))


def _origin(day: str, rows: pd.DataFrame, customer: Array) -> Origin:
    def column(name: str) -> Array | None:
        values = _numbers(rows[name]) if name in rows else np.array([np.nan])
        return values if np.isfinite(values).all() else None

    forecasts = {
        OURS: Forecast(
            column("predicted_mean"),
            column("predicted_p50"),
            column("p_purchase"),
            column("predicted_p10"),
            column("predicted_p90"),
        )
    }
    for name in baselines(rows):
        mean, median, p = (column(f"{name}.{part}") for part in ("predicted_mean", "predicted_p50", "p_purchase"))
        forecasts[name] = Forecast(mean, median, p)
    bought = (_numbers(rows["actual_orders"]) > 0).astype(float)
    return Origin(day, customer, _numbers(rows["actual_amount"]), bought, forecasts)


def _numbers(values: Any) -> Array:
    """A column as floats; NaN for values that are not numbers."""
    return np.asarray(pd.to_numeric(values, errors="coerce"), dtype=float)
