"""Boosted trees for spend with the Tweedie objective, which allows many customers with spend 0. They predict no
probability of an order."""

from __future__ import annotations

from spark_jobs.models import boosted_trees
from spark_jobs.models.boosted_trees import Boosting, boost, restored
from spark_jobs.models.examples_on_spark import closed
from spark_jobs.models.forecaster import Json, Past

NAME = "xgboost_tweedie"
TITLE = "XGBoost Tweedie"
RESTS_ON = boosted_trees.RESTS_ON
COST = 0.5


def fit(past: Past) -> Boosting:
    """Fits one window on the examples whose window had closed by the date."""
    known = closed(past)
    return Boosting(boost(known.inputs, known.spent, "reg:tweedie", tweedie_variance_power=1.5))


def from_json(saved: Json) -> Boosting:
    """Restores the fitted forecaster that `to_json` wrote."""
    return restored(saved)
