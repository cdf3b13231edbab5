"""Stochastic gradient boosting of squared error for spend, and of log loss for the probability of an order.

Each tree sees half of the examples, drawn without replacement. Source: Friedman (2002), Stochastic gradient boosting,
Computational Statistics & Data Analysis 38(4).
"""

from __future__ import annotations

from spark_jobs.models import boosted_trees
from spark_jobs.models.boosted_trees import Boosting, boost, restored
from spark_jobs.models.examples_on_spark import closed
from spark_jobs.models.forecaster import Json, Past

NAME = "gradient_boosting"
TITLE = "gradient boosting"
RESTS_ON = boosted_trees.RESTS_ON
COST = 0.8
HALF = {"subsample": 0.5}


def fit(past: Past) -> Boosting:
    """Fits one window on the examples whose window had closed by the date."""
    known = closed(past)
    spend = boost(known.inputs, known.spent, "reg:squarederror", **HALF)
    return Boosting(spend, boost(known.inputs, known.bought, "binary:logistic", **HALF))


def from_json(saved: Json) -> Boosting:
    """Restores the fitted forecaster that `to_json` wrote."""
    return restored(saved)
