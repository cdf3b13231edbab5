"""A decision tree for spend, and one for the probability of an order."""

from __future__ import annotations

from pyspark.ml.classification import DecisionTreeClassifier
from pyspark.ml.regression import DecisionTreeRegressor

from spark_jobs.models import trees_of_spark
from spark_jobs.models.examples_on_spark import LEARNED
from spark_jobs.models.forecaster import Json, Past
from spark_jobs.models.trees_of_spark import TREES, Trees

NAME = "decision_tree"
TITLE = "decision tree"
RESTS_ON = LEARNED.format("a tree")
COST = 4.0


def fit(past: Past) -> Trees:
    """Fits one window on the examples whose window had closed by the date."""
    return trees_of_spark.fit(past, DecisionTreeRegressor, DecisionTreeClassifier, TREES, RESTS_ON)


def from_json(saved: Json) -> Trees:
    """Restores the fitted forecaster that `to_json` wrote."""
    return trees_of_spark.from_json(saved, RESTS_ON)
