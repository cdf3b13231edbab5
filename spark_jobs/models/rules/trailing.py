"""Trailing spend: a customer is expected to spend what they spent in as many days before the date."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from spark_jobs.features.columns import Array, Columns, cumulative
from spark_jobs.models.forecaster import Customers, Json, Past, Prediction

NAME = "trailing"
TITLE = "trailing spend"
RESTS_ON = "what each customer spent lately, over as many days"
COST = 0.01


@dataclass(frozen=True)
class Trailing:
    """The rule that spend continues as in the last days."""

    def predict(self, customers: Customers) -> Prediction:
        """Predicts the spend of the last `window_days`."""
        return Prediction(spent(customers.columns, customers.window_days))

    def explain(self, customers: Customers) -> list[str]:
        """Names the spend that the prediction repeats."""
        return in_words(customers.columns, customers.window_days)

    def to_json(self) -> Json:
        """Returns an empty object, since nothing is fitted."""
        return asdict(self)


def fit(past: Past) -> Trailing:  # noqa: ARG001 - nothing is fitted
    """Returns the rule, which has nothing to fit."""
    return Trailing()


def from_json(saved: Json) -> Trailing:  # noqa: ARG001 - nothing was fitted
    """Returns the rule, which has nothing to fit."""
    return Trailing()


def spent(columns: Columns, days: int) -> Array:
    """Returns the spend of the last `days`, shape (n,), at least 0. Spend between the ends of two features' windows is
    treated as spread evenly."""
    edges, money = cumulative(columns)
    width = np.diff(edges, axis=1)
    part = np.clip((days - edges[:, :-1]) / width, 0, 1)
    return np.maximum((part * np.diff(money, axis=1)).sum(axis=1), 0)


def in_words(columns: Columns, days: int) -> list[str]:
    """Describes the spend of the last `days` of each customer."""
    return [f"{money:,.2f} spent in the last {days} days" for money in spent(columns, days)]
