"""The three boosted learners of a horizon: money in all, the chance of an order, and what a buyer spends.

Each starts from the anchor (its offset, in XGBoost's terms a base margin), so that trees learn what moves a
customer away from it. Pure: arrays in, arrays out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xgboost
from scipy.special import logit

from spark_jobs.features.columns import Array
from spark_jobs.features.examples import FEATURES
from spark_jobs.models.anchor import Probabilistic

NAMES = ("total", "buy", "spend")
FURTHEST = {"total": 4.0, "buy": np.inf, "spend": 3.0}  # in logs: how far a learner may move a customer


@dataclass(frozen=True)
class Learners:
    """Three boosters in XGBoost's own JSON: log of money, log-odds of buying, and log of a buyer's spend."""

    total: bytes
    buy: bytes
    spend: bytes

    @cached_property
    def boosters(self) -> dict[str, xgboost.Booster]:
        """By name, ready to predict on one thread."""
        loaded = {}
        for name in NAMES:
            loaded[name] = xgboost.Booster({"nthread": 1})
            loaded[name].load_model(bytearray(getattr(self, name)))
        return loaded

    def margins(self, inputs: Array, by_anchor: Probabilistic) -> dict[str, Array]:
        """What each learner predicts on its own scale (logs, log-odds), each of shape (n,), from `by_anchor` on."""
        result = {}
        for name, start in offsets(by_anchor).items():
            moved = self.boosters[name].predict(rows_of(inputs, start), output_margin=True).astype(float) - start
            result[name] = start + np.clip(moved, -FURTHEST[name], FURTHEST[name])
        return result

    def contributions(self, inputs: Array) -> dict[str, Array]:
        """What each input adds to a learner's margin (exact TreeSHAP), each of shape (n, inputs)."""
        rows = rows_of(inputs, np.zeros(len(inputs)))
        return {name: booster.predict(rows, pred_contribs=True)[:, :-1] for name, booster in self.boosters.items()}


def offsets(by_anchor: Probabilistic) -> dict[str, Array]:
    """Where the learners start: log money, log-odds of a purchase, and log of the money of a customer who buys."""
    return {
        "total": np.log(by_anchor.revenue + 0.02 * by_anchor.order_value),
        "buy": logit(by_anchor.p_bgnbd),
        "spend": np.log(by_anchor.revenue / by_anchor.p_bgnbd),
    }


def rows_of(inputs: Array, start: Array) -> xgboost.DMatrix:
    """Customers as a booster takes them: their inputs, and the margin from which it starts."""
    return xgboost.DMatrix(inputs, base_margin=start, feature_names=list(FEATURES), nthread=1)
