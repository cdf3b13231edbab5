"""The predictions frame as arrays: for each origin what happened, and what each model had said."""

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
    """What a model said of an origin's customers: arrays of shape (n,), None where it says nothing of the kind."""

    mean: Array | None = None
    median: Array | None = None
    p_purchase: Array | None = None
    low: Array | None = None
    high: Array | None = None


@dataclass(frozen=True)
class Origin:
    """The scored customers of an origin. customer: their positions among all customers of the frame, shape (n,),
    the same for a customer at every origin; y: money that came; bought: 1.0 or 0.0."""

    date: str
    customer: Array
    y: Array
    bought: Array
    forecasts: dict[str, Forecast]

    def arguments(self, metric: str, model: str) -> tuple[Array, ...] | None:
        """What the metric's formula takes; None where the model says nothing of the kind or nothing came to judge by.

        A median is judged where a model has one, else its mean.
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
    """The origins in the order of their dates, with their scored customers; those without any are left out.

    frame: one row per customer and origin; see COLUMNS, and `<baseline>.p_purchase`, `.predicted_mean` and
    `.predicted_p50` for each baseline. A baseline that misses one of an origin's scored customers is not judged there:
    models are compared on the same customers. Raises ValueError when a column is missing.
    """
    missing = [column for column in COLUMNS if column not in frame]
    if missing:
        raise ValueError(f"the predictions lack the columns {', '.join(missing)}")
    scored = frame[(frame["status"] == "scored") & frame["predicted_mean"].notna()]
    positions = pd.factorize(scored["customer_id"].astype(str), sort=True)[0]
    dates = np.array([str(origin)[:10] for origin in scored["origin"]])
    return [_origin(day, scored.loc[dates == day], positions[dates == day]) for day in sorted(set(dates))]


def baselines(frame: pd.DataFrame) -> list[str]:
    """The baselines whose columns the frame has, in its order."""
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
    """A column as floats; what is no number as NaN."""
    return np.asarray(pd.to_numeric(values, errors="coerce"), dtype=float)
