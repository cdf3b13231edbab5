"""The three boosted learners of a horizon: total money, the probability of an order, and what a buyer spends.

Each learner starts from the anchor's prediction, given to XGBoost as the base margin. The trees therefore learn only
how a customer differs from the anchor. Pure functions: arrays in, arrays out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xgboost
from scipy.special import logit

from spark_jobs.features.columns import Array
from spark_jobs.models.anchor import Probabilistic
from spark_jobs.models.feature_matrix import FEATURES

NAMES = ("total", "buy", "spend")
# Bound of each learner's correction to the anchor, in logs.
LARGEST_CORRECTION = {"total": 4.0, "buy": np.inf, "spend": 3.0}


@dataclass(frozen=True)
class Learners:
    """Three boosters in XGBoost's own JSON: for the log of total money, the log-odds of buying, and the log of a
    buyer's spend."""

    total: bytes
    buy: bytes
    spend: bytes

    @cached_property
    def boosters(self) -> dict[str, xgboost.Booster]:
        """The boosters by name, loaded to predict on one thread."""
        loaded = {}
        for name in NAMES:
            loaded[name] = xgboost.Booster({"nthread": 1})
            loaded[name].load_model(bytearray(getattr(self, name)))
        return loaded

    def margins(self, inputs: Array, by_anchor: Probabilistic) -> dict[str, Array]:
        """Predicts with each learner on its own scale (logs or log-odds), each array of shape (n,). The anchor's
        prediction is the start, and the learner's correction is clipped to LARGEST_CORRECTION."""
        result, rows = {}, xgboost.DMatrix(inputs, feature_names=list(FEATURES), nthread=1)
        for name, start in offsets(by_anchor).items():
            rows.set_base_margin(start)
            correction = self.boosters[name].predict(rows, output_margin=True).astype(float) - start
            result[name] = start + np.clip(correction, -LARGEST_CORRECTION[name], LARGEST_CORRECTION[name])
        return result


def offsets(by_anchor: Probabilistic) -> dict[str, Array]:
    """Returns the margins that the learners start from: log of money, log-odds of an order, and log of the money of a
    customer who buys."""
    return {
        "total": np.log(by_anchor.revenue + 0.02 * by_anchor.order_value),
        "buy": logit(by_anchor.p_bgnbd),
        "spend": np.log(by_anchor.revenue / by_anchor.p_bgnbd),
    }
