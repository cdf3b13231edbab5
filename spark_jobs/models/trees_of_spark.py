"""What the forecasters of Spark's trees share: trees for spend and trees for the probability of an order, on logs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from spark_jobs.models.examples_on_spark import examples, log_inputs
from spark_jobs.models.forecaster import Customers, Json, Past, Prediction
from spark_jobs.models.spark_parameters import Tree, mean_of, trees, trees_as_json

TREES = {"maxDepth": 6, "minInstancesPerNode": 20, "cacheNodeIds": False, "maxMemoryInMB": 128, "seed": 0}
FOREST = {**TREES, "numTrees": 40}


@dataclass(frozen=True)
class Trees:
    """The mean of the trees `spend` predicts the money, the mean of the trees `buy` the probability of an order."""

    spend: list[Tree]
    buy: list[Tree]
    rests_on: str

    def predict(self, customers: Customers) -> Prediction:
        """Predicts the mean money and the chance of an order of each customer."""
        inputs = log_inputs(customers.columns)
        return Prediction(mean_of(self.spend, inputs), mean_of(self.buy, inputs))

    def explain(self, customers: Customers) -> list[str]:
        """Returns the same reason for every customer."""
        return [self.rests_on] * len(customers)

    def to_json(self) -> Json:
        """Returns the trees as lists by node."""
        return {"spend": trees_as_json(self.spend), "buy": trees_as_json(self.buy)}


def fit(past: Past, regressor: Any, classifier: Any, parameters: dict[str, Any], rests_on: str) -> Trees:
    """Fits Spark's estimators (classes) for spend and for buying on the examples whose window had closed by the
    date."""
    with examples(past) as known:
        spend = regressor(featuresCol="logs", labelCol="spent", **parameters).fit(known.rows)
        buy = classifier(featuresCol="logs", labelCol="bought", **parameters).fit(known.rows)
        return Trees(trees(spend, chance=False), trees(buy, chance=True), rests_on)


def from_json(saved: Json, rests_on: str) -> Trees:
    """Restores the fitted forecaster that `to_json` wrote."""
    spend, buy = ([Tree(**one) for one in saved[name]] for name in ("spend", "buy"))
    return Trees(spend, buy, rests_on)
