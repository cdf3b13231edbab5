"""A random forest for spend, and one for the probability of an order."""

from __future__ import annotations

from pyspark.ml.classification import RandomForestClassifier
from pyspark.ml.regression import RandomForestRegressor

from spark_jobs.models import trees_of_spark
from spark_jobs.models.examples_on_spark import LEARNED
from spark_jobs.models.forecaster import Json, Past
from spark_jobs.models.trees_of_spark import FOREST, Trees

NAME = "random_forest"
TITLE = "random forest"
RESTS_ON = LEARNED.format("a forest of trees")
COST = 12.0


def fit(past: Past) -> Trees:
    """Fits one window on the examples whose window had closed by the date."""
    return trees_of_spark.fit(past, RandomForestRegressor, RandomForestClassifier, FOREST, RESTS_ON)


def from_json(saved: Json) -> Trees:
    """Restores the fitted forecaster that `to_json` wrote."""
    return trees_of_spark.from_json(saved, RESTS_ON)
