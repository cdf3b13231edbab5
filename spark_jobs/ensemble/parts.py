"""The trained parts of a window, and the forecasts of customers that are blended. They serve the forecast and its
reasons. Pure functions: arrays in, arrays out."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.special import log_expit

from clv.core.declared import OURS
from spark_jobs.ensemble.blending import UNLEARNED, UNLEARNED_CHANCE, Weights
from spark_jobs.ensemble.conformal import Intervals, unmeasured
from spark_jobs.ensemble.totals import UNMEASURED
from spark_jobs.features.columns import YEAR, Array, Columns
from spark_jobs.models import anchor, logistic, registry
from spark_jobs.models.anchor import OriginFit, Probabilistic
from spark_jobs.models.feature_matrix import feature_matrix
from spark_jobs.models.forecaster import Customers, Json
from spark_jobs.models.forest import Forest
from spark_jobs.models.learners import Learners
from spark_jobs.models.logistic import Logistic

LEAST = 1e-9  # least revenue and least distance of a probability from 0 and 1, so that logarithms exist


@dataclass(frozen=True)
class Trained:
    """The trained parts of one window length.

    forest: only if it has a weight. value_weights: weights of the parts of the mean, named as in `Parts.value`.
    chance_weights: weights of the parts of the probability. cap: the largest prediction for a customer. published: the
    name of the forecaster that is published, the blend or another. fitted: the other contestants as JSON, by name.
    total_spread, group_spread: standard deviations of the errors of sums, see `totals`.
    """

    learners: Learners | None = None
    logistic: Logistic | None = None
    forest: Forest | None = None
    value_weights: Weights = field(default_factory=lambda: dict(UNLEARNED))
    chance_weights: Weights = field(default_factory=lambda: dict(UNLEARNED_CHANCE))
    intervals: Intervals = field(default_factory=unmeasured)
    cap: float = np.inf
    published: str = OURS
    fitted: dict[str, Json] = field(default_factory=dict)
    total_spread: float = UNMEASURED
    group_spread: float = 0.0


@dataclass(frozen=True)
class Parts:
    """The forecasts that are blended, in logs and log-odds.

    by_anchor: the anchor's predictions. trailing: log revenue by the trailing year, shape (n,). chance: log-odds of an
    order by each part. inputs: the learners' feature matrix; total, spend: log revenue, and log of a buyer's revenue,
    by the learners; forest: log of relative revenue by the forest; each if there are any. other: the revenue (not its
    log) of the published forecaster, if that is not the blend.
    """

    by_anchor: Probabilistic
    trailing: Array
    chance: dict[str, Array]
    total: Array | None = None
    spend: Array | None = None
    forest: Array | None = None
    other: Array | None = None
    inputs: Array | None = None

    def value(self, chance_weights: Weights) -> dict[str, Array]:
        """Returns log revenue, shape (n,), by each part of the mean that blending.USUAL (or UNLEARNED) names; without a
        forest, by the others."""
        found = {"anchor": np.log(self.by_anchor.revenue)}
        if self.total is not None and self.spend is not None:
            found |= {
                "tweedie": self.total,
                "boosted": log_expit(self.chance["boosted"]) + self.spend,
                "blended": log_expit(weighted(chance_weights, self.chance)) + self.spend,
            }
        if self.forest is not None:
            found["forest"] = self.forest
        found |= {"trailing_year": self.trailing, "alike": np.zeros_like(self.trailing)}
        return {name: np.maximum(logs, np.log(LEAST)) for name, logs in found.items()}


def parts(
    trained: Trained, fit: OriginFit, columns: Columns, window_days: int, by_anchor: Probabilistic | None = None
) -> Parts:
    """Computes the forecasts of a window that are blended: those of the anchor (`by_anchor`, if they are known), the
    trailing year, and the trained parts."""
    by_anchor = by_anchor or anchor.probabilistic(fit, columns, window_days)
    trailing = np.log(np.maximum(columns[f"revenue_{YEAR}"], 0) * window_days / YEAR + 0.2 * by_anchor.revenue)
    other = None
    if trained.published != OURS:
        other = predicted(trained.published, trained.fitted, Customers(columns, window_days, by_anchor))
    if trained.learners is None:
        return Parts(by_anchor, trailing, {"anchor": by_anchor.log_odds}, other=other)
    inputs = feature_matrix(fit, columns, by_anchor, window_days)
    found = trained.learners.margins(inputs, by_anchor)
    smooth = logistic.inputs(fit, columns, by_anchor, window_days) if trained.logistic or trained.forest else inputs
    chance = {
        "anchor": by_anchor.log_odds,
        "boosted": found["buy"],
        "regression": trained.logistic.log_odds(smooth) if trained.logistic else found["buy"],
        "alike": np.zeros_like(trailing),
    }
    relative = trained.forest.log_money(smooth) if trained.forest else None
    return Parts(by_anchor, trailing, chance, found["total"], found["spend"], relative, other, inputs)


def predicted(name: str, fitted: dict[str, Json], customers: Customers) -> Array:
    """Returns the revenue predicted by a fitted contestant, shape (n,)."""
    with registry.contestant(name):
        return registry.predict(name, registry.read(name, fitted.get(name, {})), customers).mean


def weighted(weights: Weights, parts: dict[str, Array]) -> Array:
    """Returns the weighted sum of parts by name, shape (n,). A part without weight may be missing. The parts are added
    in the order of the weights; in a product of matrices, the last bits of a customer's sum would depend on the number
    of customers."""
    return np.sum([weight * parts[name] for name, weight in weights.items() if weight], axis=0)
