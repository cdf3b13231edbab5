"""Last spend: what a customer spent in as many days before the date."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from spark_jobs.features.columns import Array, Columns, cumulative
from spark_jobs.models.forecaster import Customers, Json, Past, Prediction

NAME = "trailing"
TITLE = "trailing spend"
RESTS_ON = "what each customer spent lately, over as many days"


@dataclass(frozen=True)
class Trailing:
    """Spend goes on as in the last days."""

    def predict(self, customers: Customers) -> Prediction:
        """The spend of the last `window_days`."""
        return Prediction(spent(customers.columns, customers.window_days))

    def explain(self, customers: Customers) -> list[str]:
        """The spend it repeats."""
        return in_words(customers.columns, customers.window_days)

    def to_json(self) -> Json:
        """Nothing is fitted."""
        return asdict(self)


def fit(past: Past) -> Trailing:  # noqa: ARG001 - nothing is fitted
    """The rule."""
    return Trailing()


def from_json(saved: Json) -> Trailing:  # noqa: ARG001 - nothing was fitted
    """The rule."""
    return Trailing()


def spent(columns: Columns, days: int) -> Array:
    """The spend of the last days, shape (n,), at least 0; between two windows, spend is taken to be even."""
    edges, money = cumulative(columns)
    width = np.diff(edges, axis=1)
    part = np.clip((days - edges[:, :-1]) / width, 0, 1)
    return np.maximum((part * np.diff(money, axis=1)).sum(axis=1), 0)


def in_words(columns: Columns, days: int) -> list[str]:
    """The spend of the last days in words."""
    return [f"{money:,.2f} spent in the last {days} days" for money in spent(columns, days)]
