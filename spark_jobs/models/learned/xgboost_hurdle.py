"""Boosted trees for buying, times boosted trees for what a buyer spends."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from pyspark.sql import functions as sf

from spark_jobs.models.boosted_trees import Boosted, boost
from spark_jobs.models.examples_on_spark import LEARNED, examples
from spark_jobs.models.forecaster import Customers, Json, Past, Prediction

NAME = "xgboost_hurdle"
TITLE = "XGBoost hurdle"
RESTS_ON = LEARNED.format("XGBoost")


@dataclass(frozen=True)
class Hurdle:
    """Trees for the chance of an order, and for what a buyer spends."""

    buy: Boosted
    spend: Boosted

    def predict(self, customers: Customers) -> Prediction:
        """Money and chance of an order."""
        p = self.buy.of(customers.columns)
        return Prediction(p * self.spend.of(customers.columns), p)

    def explain(self, customers: Customers) -> list[str]:
        """The same for all."""
        return [RESTS_ON] * len(customers)

    def to_json(self) -> Json:
        """The trees."""
        return asdict(self)


def fit(past: Past) -> Hurdle:
    """Fits a window to what had closed by the date."""
    with examples(past) as known:
        buy = boost(known.rows, "bought")
        # A buyer whose refunds took everything back still bought; gamma takes no zeros.
        buyers = known.rows.where("bought = 1").withColumn("spent", sf.greatest("spent", sf.lit(0.01)))
        return Hurdle(buy, boost(buyers, "spent", objective="reg:gamma"))


def from_json(saved: Json) -> Hurdle:
    """What `to_json` kept."""
    return Hurdle(Boosted(**saved["buy"]), Boosted(**saved["spend"]))
