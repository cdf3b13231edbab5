"""Last year's spend: what a customer spent in the last 365 days, scaled to the window."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from spark_jobs.features.columns import YEAR
from spark_jobs.models.forecaster import Customers, Json, Past, Prediction
from spark_jobs.models.rules import trailing

NAME = "trailing_year"
TITLE = "trailing year"
RESTS_ON = "what each customer spent over the last year"


@dataclass(frozen=True)
class TrailingYear:
    """Spend goes on as in the last year."""

    def predict(self, customers: Customers) -> Prediction:
        """The year's spend in proportion."""
        spent = np.maximum(customers.columns[f"revenue_{YEAR}"], 0)
        return Prediction(spent * customers.window_days / YEAR)

    def explain(self, customers: Customers) -> list[str]:
        """The spend it scales."""
        return trailing.in_words(customers.columns, YEAR)

    def to_json(self) -> Json:
        """Nothing is fitted."""
        return asdict(self)


def fit(past: Past) -> TrailingYear:  # noqa: ARG001 - nothing is fitted
    """The rule."""
    return TrailingYear()


def from_json(saved: Json) -> TrailingYear:  # noqa: ARG001 - nothing was fitted
    """The rule."""
    return TrailingYear()
