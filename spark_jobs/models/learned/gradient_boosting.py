"""Stochastic gradient boosting of squared error for spend, and of log loss for the probability of an order.

Each tree sees half of the examples, drawn without replacement. Source: Friedman (2002), Stochastic gradient boosting,
Computational Statistics & Data Analysis 38(4).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from spark_jobs.models.boosted_trees import Boosted, boost
from spark_jobs.models.examples_on_spark import LEARNED, closed
from spark_jobs.models.forecaster import Customers, Json, Past, Prediction

NAME = "gradient_boosting"
TITLE = "gradient boosting"
RESTS_ON = LEARNED.format("gradient boosting")
COST = 0.8
HALF = {"subsample": 0.5}


@dataclass(frozen=True)
class Boosting:
    """Trees for the money, and trees for the probability of an order."""

    spend: Boosted
    buy: Boosted

    def predict(self, customers: Customers) -> Prediction:
        """Predicts the mean money and the chance of an order of each customer."""
        return Prediction(self.spend.of(customers.columns), self.buy.of(customers.columns))

    def explain(self, customers: Customers) -> list[str]:
        """Returns the same reason for every customer."""
        return [RESTS_ON] * len(customers)

    def to_json(self) -> Json:
        """Returns the trees by name."""
        return asdict(self)


def fit(past: Past) -> Boosting:
    """Fits one window on the examples whose window had closed by the date."""
    known = closed(past)
    spend = boost(known.inputs, known.spent, "reg:squarederror", **HALF)
    return Boosting(spend, boost(known.inputs, known.bought, "binary:logistic", **HALF))


def from_json(saved: Json) -> Boosting:
    """Restores the fitted forecaster that `to_json` wrote."""
    return Boosting(Boosted(**saved["spend"]), Boosted(**saved["buy"]))
