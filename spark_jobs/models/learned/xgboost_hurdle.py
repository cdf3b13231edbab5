"""Boosted trees for the probability of an order, times boosted trees for what a buyer spends."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from spark_jobs.models.boosted_trees import Boosted, boost
from spark_jobs.models.examples_on_spark import LEARNED, closed
from spark_jobs.models.forecaster import Customers, Json, Past, Prediction

NAME = "xgboost_hurdle"
TITLE = "XGBoost hurdle"
RESTS_ON = LEARNED.format("XGBoost")
COST = 0.7


@dataclass(frozen=True)
class Hurdle:
    """Trees for the probability of an order, and trees for what a buyer spends."""

    buy: Boosted
    spend: Boosted

    def predict(self, customers: Customers) -> Prediction:
        """Predicts the mean money and the chance of an order of each customer."""
        p = self.buy.of(customers.columns)
        return Prediction(p * self.spend.of(customers.columns), p)

    def explain(self, customers: Customers) -> list[str]:
        """Returns the same reason for every customer."""
        return [RESTS_ON] * len(customers)

    def to_json(self) -> Json:
        """Returns the trees by name."""
        return asdict(self)


def fit(past: Past) -> Hurdle:
    """Fits one window on the examples whose window had closed by the date."""
    known = closed(past)
    buy = boost(known.inputs, known.bought, "binary:logistic")
    # A buyer whose refunds cancelled the whole revenue still bought. The gamma objective does not allow 0, so such
    # spend counts as 0.01.
    buyers = known.bought > 0
    return Hurdle(buy, boost(known.inputs[buyers], np.maximum(known.spent[buyers], 0.01), "reg:gamma"))


def from_json(saved: Json) -> Hurdle:
    """Restores the fitted forecaster that `to_json` wrote."""
    return Hurdle(Boosted(**saved["buy"]), Boosted(**saved["spend"]))
