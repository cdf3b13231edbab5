"""Time decay: the older a customer's spend is, the less it counts."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from spark_jobs.features.columns import Array, Columns, decayed_rate
from spark_jobs.models.forecaster import Customers, Json, Past, Prediction, nothing_closed

NAME = "time_decay"
TITLE = "time decay"
RESTS_ON = "what each customer spent, the less the longer ago"
COST = 0.01
HALF_LIVES = (15, 30, 60, 90, 180, 365, 730)  # days


@dataclass(frozen=True)
class TimeDecay:
    """Spend loses half its weight every `half_life_days`. scale: actual spend over decayed spend, in total."""

    half_life_days: int
    scale: float
    horizon_days: int

    def predict(self, customers: Customers) -> Prediction:
        """Predicts the decayed rate of spend times the days of the window."""
        return Prediction(self.scale * self.horizon_days * decayed_rate(customers.columns, self.half_life_days))

    def explain(self, customers: Customers) -> list[str]:
        """Names the half-life."""
        return [f"past spend, half as much after {self.half_life_days} days"] * len(customers)

    def to_json(self) -> Json:
        """Returns the three numbers."""
        return asdict(self)


def fit(past: Past) -> TimeDecay:
    """Fits one window on the examples whose window had closed by the date."""
    columns, _, spent = past.closed()
    if not len(spent):
        raise nothing_closed(past)
    return fit_time_decay(columns, spent, past.window_days)


def from_json(saved: Json) -> TimeDecay:
    """Restores the fitted forecaster that `to_json` wrote."""
    return TimeDecay(**saved)


def fit_time_decay(columns: Columns, spent: Array, horizon_days: int) -> TimeDecay:
    """Chooses the half-life with the least absolute error on closed windows, each scaled to the actual total."""
    fits = []
    for half_life in HALF_LIVES:
        predicted = horizon_days * decayed_rate(columns, half_life)
        scale = float(spent.sum() / predicted.sum()) if predicted.sum() > 0 else 0.0
        fits.append((float(np.abs(spent - scale * predicted).sum()), half_life, scale))
    _, half_life, scale = min(fits)
    return TimeDecay(half_life, scale, horizon_days)
