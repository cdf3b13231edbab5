"""Trailing year: a customer is expected to go on spending at the rate of the last 365 days."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from spark_jobs.features.columns import YEAR
from spark_jobs.models.forecaster import Customers, Json, Past, Prediction
from spark_jobs.models.rules import trailing

NAME = "trailing_year"
TITLE = "trailing year"
RESTS_ON = "what each customer spent over the last year"
COST = 0.01


@dataclass(frozen=True)
class TrailingYear:
    """The rule that spend continues as in the last year."""

    def predict(self, customers: Customers) -> Prediction:
        """Predicts the year's spend in proportion to the window."""
        spent = np.maximum(customers.columns[f"revenue_{YEAR}"], 0)
        return Prediction(spent * customers.window_days / YEAR)

    def explain(self, customers: Customers) -> list[str]:
        """Names the spend that the prediction scales."""
        return trailing.in_words(customers.columns, YEAR)

    def to_json(self) -> Json:
        """Returns an empty object, since nothing is fitted."""
        return asdict(self)


def fit(past: Past) -> TrailingYear:  # noqa: ARG001 - nothing is fitted
    """Returns the rule, which has nothing to fit."""
    return TrailingYear()


def from_json(saved: Json) -> TrailingYear:  # noqa: ARG001 - nothing was fitted
    """Returns the rule, which has nothing to fit."""
    return TrailingYear()
