"""A random forest of money (Breiman 2001, Random forests, Machine Learning 45), on the inputs of the logistic
regression.

Unlike the boosted learners, it does not start from the anchor's prediction, and it averages amounts. It is right where
customers are much alike and the anchor's differences between them are chance. It is fitted to closed windows of the
horizon itself, each window's money divided by its mean, so that it does not learn their seasons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xgboost

from spark_jobs.features.columns import Array

FOREST = {
    "objective": "reg:squarederror", "num_parallel_tree": 30, "max_depth": 6, "min_child_weight": 15.0,
    "subsample": 0.632, "colsample_bynode": 0.4, "learning_rate": 1.0, "reg_lambda": 0.0, "base_score": 0.0,
    "tree_method": "hist", "max_bin": 64, "random_state": 0, "nthread": 1,
}  # fmt: skip
LEAST = 0.01  # least prediction, as a share of the mean, so that its logarithm exists
FEWEST_BUYERS = 100


@dataclass(frozen=True)
class Forest:
    """The trees in XGBoost's own JSON. Their sum is a customer's money over the mean."""

    trees: bytes

    @cached_property
    def booster(self) -> xgboost.Booster:
        """The trees, loaded to predict on one thread."""
        loaded = xgboost.Booster({"nthread": 1})
        loaded.load_model(bytearray(self.trees))
        return loaded

    def log_money(self, found: Array) -> Array:
        """Returns the log of relative money, shape (n,). found: see `logistic.inputs`."""
        rows = xgboost.DMatrix(found.astype(np.float32), nthread=1)
        return np.log(np.maximum(self.booster.predict(rows).astype(float), LEAST))


def fit(found: Sequence[Array], spent: Sequence[Array]) -> Forest | None:
    """Fits the closed windows of one horizon. found, spent: for each window, the inputs and each customer's money.
    Returns None with fewer than FEWEST_BUYERS buyers."""
    known = [(inputs, money / money.mean()) for inputs, money in zip(found, spent, strict=True) if money.sum() > 0]
    if sum(int((money > 0).sum()) for _, money in known) < FEWEST_BUYERS:
        return None
    inputs, money = (np.concatenate(each) for each in zip(*known, strict=True))
    bins = xgboost.QuantileDMatrix(inputs.astype(np.float32), money, nthread=1, max_bin=FOREST["max_bin"])
    return Forest(bytes(xgboost.train(FOREST, bins, 1).save_raw("json")))
