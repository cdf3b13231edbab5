"""What the forecasters of plain XGBoost share: boosting trees, and predicting with them, from logs of the features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xgboost

from spark_jobs.features.columns import Array, Columns
from spark_jobs.models.examples_on_spark import log_inputs

ROUNDS = 150
BOOSTING = {
    "max_depth": 5,
    "learning_rate": 0.05,
    "min_child_weight": 5,
    "tree_method": "hist",
    "random_state": 0,
}


@dataclass(frozen=True)
class Boosted:
    """Boosted trees in XGBoost's own JSON."""

    trees: str

    def of(self, columns: Columns) -> Array:
        """Predicts each customer, shape (n,)."""
        booster = xgboost.Booster({"nthread": 1})
        booster.load_model(bytearray(self.trees.encode()))
        return booster.predict(xgboost.DMatrix(log_inputs(columns), nthread=1)).astype(np.float64)


def boost(inputs: Array, label: Array, objective: str, **parameters: Any) -> Boosted:
    """Boosts trees on one thread, so that the result depends on the arguments alone. inputs: plain, of which the logs
    are taken. label: shape (n,)."""
    matrix = xgboost.QuantileDMatrix(np.log1p(inputs), label, nthread=1)
    trees = xgboost.train({**BOOSTING, "objective": objective, "nthread": 1, **parameters}, matrix, ROUNDS)
    return Boosted(bytes(trees.save_raw("json")).decode())
