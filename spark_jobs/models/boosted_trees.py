"""What the forecasters of plain XGBoost share: boosting trees, and forecasting with them, from logs of the features."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import xgboost

from spark_jobs.features.columns import Array, Columns
from spark_jobs.models.examples_on_spark import LEARNED, log_inputs
from spark_jobs.models.forecaster import Customers, Json, Prediction

RESTS_ON = LEARNED.format("boosted trees")
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


@dataclass(frozen=True)
class Boosting:
    """Trees for the money, and, unless None, trees for the probability of an order.

    of_buyers: whether `spend` is what a buyer spends, which the probability multiplies.
    """

    spend: Boosted
    buy: Boosted | None = None
    of_buyers: bool = False

    def predict(self, customers: Customers) -> Prediction:
        """Predicts the mean money and, if there are trees for it, the chance of an order of each customer."""
        p = self.buy.of(customers.columns) if self.buy else None
        spend = self.spend.of(customers.columns)
        return Prediction(spend if p is None or not self.of_buyers else p * spend, p)

    def explain(self, customers: Customers) -> list[str]:
        """Returns the same reason for every customer."""
        return [RESTS_ON] * len(customers)

    def to_json(self) -> Json:
        """Returns the trees by name."""
        return {name: asdict(trees) for name, trees in (("spend", self.spend), ("buy", self.buy)) if trees}


def restored(saved: Json, of_buyers: bool = False) -> Boosting:
    """Restores the trees that `Boosting.to_json` wrote."""
    return Boosting(Boosted(**saved["spend"]), Boosted(**saved["buy"]) if "buy" in saved else None, of_buyers)


def boost(inputs: Array, label: Array, objective: str, **parameters: Any) -> Boosted:
    """Boosts trees on one thread, so that the result depends on the arguments alone. inputs: plain, of which the logs
    are taken. label: shape (n,)."""
    matrix = xgboost.QuantileDMatrix(np.log1p(inputs), label, nthread=1)
    trees = xgboost.train({**BOOSTING, "objective": objective, "nthread": 1, **parameters}, matrix, ROUNDS)
    return Boosted(bytes(trees.save_raw("json")).decode())
