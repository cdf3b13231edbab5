"""What the forecasters of plain XGBoost share: boosting trees on Spark, and predicting with them from logs of the
features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xgboost
from pyspark.sql import DataFrame
from xgboost.spark import SparkXGBClassifier, SparkXGBRegressor

from spark_jobs.features.columns import Array, Columns
from spark_jobs.models.examples_on_spark import log_inputs

BOOSTING = {
    "n_estimators": 150,
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


def boost(rows: DataFrame, label: str, **parameters: Any) -> Boosted:
    """Boosts trees on the rows of `examples_on_spark.examples`: a classifier for the label `bought`, a regression for
    others."""
    kind = SparkXGBClassifier if label == "bought" else SparkXGBRegressor
    learner = kind(features_col="logs", label_col=label, num_workers=1, verbose=False, **BOOSTING, **parameters)
    return Boosted(bytes(learner.fit(rows).get_booster().save_raw("json")).decode())
