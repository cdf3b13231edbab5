"""Bagging: the mean of trees for spend, and of trees for the probability of an order, each grown on customers drawn
with replacement.

Unlike in a random forest, every split chooses among all inputs. A customer who is drawn brings the examples of all
origins, because they resemble each other. Source: Breiman (1996), Bagging predictors, Machine Learning 24.
"""

from __future__ import annotations

import json

import numpy as np
import xgboost

from spark_jobs.features.columns import Array
from spark_jobs.models import trees_of_spark
from spark_jobs.models.examples_on_spark import LEARNED, closed
from spark_jobs.models.forecaster import Json, Past
from spark_jobs.models.spark_parameters import Tree
from spark_jobs.models.trees_of_spark import Trees

NAME = "bagged_trees"
TITLE = "bagged trees"
RESTS_ON = LEARNED.format("bagged trees")
COST = 1.0
BAGS = 40
# Without penalty and step size, XGBoost grows one regression tree: a leaf predicts the mean of its customers.
TREE = {
    "objective": "reg:squarederror", "base_score": 0.0, "learning_rate": 1.0, "reg_lambda": 0.0, "max_depth": 6,
    "min_child_weight": 20.0, "tree_method": "hist", "nthread": 1,
}  # fmt: skip


def fit(past: Past) -> Trees:
    """Fits one window on the examples whose window had closed by the date."""
    known = closed(past)
    customers, rows = np.unique(known.customer, return_inverse=True)
    bins = xgboost.QuantileDMatrix(np.log1p(known.inputs), known.spent, nthread=1)
    random = np.random.default_rng(0)
    spend, buy = [], []
    for _ in range(BAGS):
        drawn = np.bincount(random.integers(0, len(customers), len(customers)), minlength=len(customers))
        spend.append(_grown(bins, known.spent, drawn[rows]))
        buy.append(_grown(bins, known.bought, drawn[rows]))
    return Trees(spend, buy, RESTS_ON)


def from_json(saved: Json) -> Trees:
    """Restores the fitted forecaster that `to_json` wrote."""
    return trees_of_spark.from_json(saved, RESTS_ON)


def _grown(bins: xgboost.QuantileDMatrix, label: Array, weight: Array) -> Tree:
    """Grows one tree for the mean of a label, shape (n,), and reads it from XGBoost's JSON. weight: how often each
    example was drawn."""
    bins.set_info(label=label, weight=weight)
    booster = xgboost.train(TREE, bins, 1)
    found = json.loads(bytes(booster.save_raw("json")))["learner"]["gradient_booster"]["model"]["trees"][0]
    leaf = np.array(found["left_children"]) < 0
    values = np.array(found["split_conditions"], dtype=np.float32)
    # XGBoost sends values below the threshold to the left, a Tree those up to it. A leaf's value takes its place.
    below = np.nextafter(values, np.float32(-np.inf))
    return Tree(
        np.where(leaf, -1, found["split_indices"]).tolist(),
        np.where(leaf, 0.0, below).tolist(),
        found["left_children"],
        found["right_children"],
        np.where(leaf, values, 0.0).tolist(),
    )
