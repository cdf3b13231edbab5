"""Boosted trees for spend with the Tweedie objective, which allows many customers with spend 0."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from spark_jobs.models.boosted_trees import Boosted, boost
from spark_jobs.models.examples_on_spark import LEARNED, closed
from spark_jobs.models.forecaster import Customers, Json, Past, Prediction

NAME = "xgboost_tweedie"
TITLE = "XGBoost Tweedie"
RESTS_ON = LEARNED.format("XGBoost")
COST = 0.5


@dataclass(frozen=True)
class Tweedie:
    """Trees for the money."""

    spend: Boosted

    def predict(self, customers: Customers) -> Prediction:
        """Predicts the mean money of each customer, and no probability of an order."""
        return Prediction(self.spend.of(customers.columns))

    def explain(self, customers: Customers) -> list[str]:
        """Returns the same reason for every customer."""
        return [RESTS_ON] * len(customers)

    def to_json(self) -> Json:
        """Returns the trees by name."""
        return asdict(self)


def fit(past: Past) -> Tweedie:
    """Fits one window on the examples whose window had closed by the date."""
    known = closed(past)
    return Tweedie(boost(known.inputs, known.spent, "reg:tweedie", tweedie_variance_power=1.5))


def from_json(saved: Json) -> Tweedie:
    """Restores the fitted forecaster that `to_json` wrote."""
    return Tweedie(Boosted(**saved["spend"]))
