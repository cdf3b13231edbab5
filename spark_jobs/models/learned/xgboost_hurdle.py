"""Boosted trees for the probability of an order, times boosted trees for what a buyer spends."""

from __future__ import annotations

import numpy as np

from spark_jobs.models import boosted_trees
from spark_jobs.models.boosted_trees import Boosting, boost, restored
from spark_jobs.models.examples_on_spark import closed
from spark_jobs.models.forecaster import Json, Past

NAME = "xgboost_hurdle"
TITLE = "XGBoost hurdle"
RESTS_ON = boosted_trees.RESTS_ON
COST = 0.7


def fit(past: Past) -> Boosting:
    """Fits one window on the examples whose window had closed by the date."""
    known = closed(past)
    buy = boost(known.inputs, known.bought, "binary:logistic")
    # A buyer whose refunds cancelled the whole revenue still bought. The gamma objective does not allow 0, so such
    # spend counts as 0.01.
    buyers = known.bought > 0
    spend = boost(known.inputs[buyers], np.maximum(known.spent[buyers], 0.01), "reg:gamma")
    return Boosting(spend, buy, of_buyers=True)


def from_json(saved: Json) -> Boosting:
    """Restores the fitted forecaster that `to_json` wrote."""
    return restored(saved, of_buyers=True)
