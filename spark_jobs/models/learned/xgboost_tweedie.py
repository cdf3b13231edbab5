"""Boosted trees for spend, zeros and all."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from spark_jobs.models.boosted_trees import Boosted, boost
from spark_jobs.models.examples_on_spark import LEARNED, examples
from spark_jobs.models.forecaster import Customers, Json, Past, Prediction

NAME = "xgboost_tweedie"
TITLE = "XGBoost Tweedie"
RESTS_ON = LEARNED.format("XGBoost")


@dataclass(frozen=True)
class Tweedie:
    """Trees for the money."""

    spend: Boosted

    def predict(self, customers: Customers) -> Prediction:
        """Money alone."""
        return Prediction(self.spend.of(customers.columns))

    def explain(self, customers: Customers) -> list[str]:
        """The same for all."""
        return [RESTS_ON] * len(customers)

    def to_json(self) -> Json:
        """The trees."""
        return asdict(self)


def fit(past: Past) -> Tweedie:
    """Fits a window to what had closed by the date."""
    with examples(past) as known:
        return Tweedie(boost(known.rows, "spent", objective="reg:tweedie", tweedie_variance_power=1.5))


def from_json(saved: Json) -> Tweedie:
    """What `to_json` kept."""
    return Tweedie(Boosted(**saved["spend"]))
