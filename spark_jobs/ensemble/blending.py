"""The parts of the blend, their usual weights, and how the weights are chosen on the holdouts.

Weights are non-negative and sum to one. The mean is a weighted geometric mean of its parts, the probability a
weighted mean of log-odds. The part `alike` predicts the same for all customers: its weight shrinks the differences
between them, for shops that cannot tell their customers apart. The setting `blend` selects one of three ways to choose
weights. `weighted` moves from the usual weights as far as the holdouts support it (see `combining`). `voting` gives all
parts that have a usual weight the same one. `stacking` takes the weights with the least loss on the holdouts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from spark_jobs.ensemble import combining
from spark_jobs.ensemble.combining import Evidence, Loss
from spark_jobs.features.columns import Array
from spark_jobs.judging import metrics

Weights = dict[str, float]  # weights of parts by name, non-negative and of sum one

# Usual weights of the mean: the anchor, the Tweedie learner, the boosted probability times spend, the blended
# probability times spend, the trailing year, the forest, and the same for all.
USUAL: Weights = {
    "anchor": 0.20, "tweedie": 0.25, "boosted": 0.20, "blended": 0.20, "trailing_year": 0.15,
    "forest": 0.0, "alike": 0.0,
}  # fmt: skip
# for shops with few examples to learn from
ANCHORED: Weights = {
    "anchor": 0.70, "tweedie": 0.06, "boosted": 0.10, "blended": 0.10, "trailing_year": 0.04,
    "forest": 0.0, "alike": 0.0,
}  # fmt: skip
UNLEARNED: Weights = {"anchor": 0.85, "trailing_year": 0.15}  # where no learner could be trained
ENOUGH_BUYERS = 500  # buyers in the latest closed window; with fewer, the usual weights shift towards ANCHORED

# Usual weights of the probability: the anchor, the boosted learner, the logistic regression, and the same for all.
USUAL_CHANCE: Weights = {"anchor": 0.1, "boosted": 0.3, "regression": 0.6, "alike": 0.0}
UNLEARNED_CHANCE: Weights = {"anchor": 1.0}


@dataclass(frozen=True)
class Blend:
    """Weights of the parts of the mean and of the probability, with their mean losses over the holdouts: the Tweedie
    deviance of relative predictions, and the log loss of the probability (nats). A loss is None without holdouts."""

    value_weights: Weights
    chance_weights: Weights
    deviance: float | None = None
    log_loss: float | None = None


def usual(buyers: float) -> Weights:
    """Returns the usual weights of the mean for a number of buyers in the latest closed window."""
    few = float(np.clip((ENOUGH_BUYERS - buyers) / ENOUGH_BUYERS, 0, 1))
    return {name: (1 - few) * weight + few * ANCHORED[name] for name, weight in USUAL.items()}


def choose(way: str, loss: Loss, holdouts: Sequence[Evidence], usual: Weights) -> Weights:
    """Chooses weights in one way. holdouts: the parts in the order of `usual`, which are kept without a holdout."""
    start = array(usual)
    if way == "voting":
        return named((start > 0) / (start > 0).sum(), usual)
    if not holdouts:
        return usual
    return named((combining.least if way == "stacking" else combining.chosen)(loss, holdouts, start), usual)


def named(weights: Array, names: Iterable[str]) -> Weights:
    """Returns weights by name, from weights in the order of `names`."""
    return dict(zip(names, weights.tolist(), strict=True))


def normalised(values: Array) -> Array:
    """Divides predictions by their mean."""
    return values / max(float(values.mean()), 1e-300)


def deviance(holdouts: Sequence[Evidence], weights: Weights) -> float | None:
    """Returns the mean Tweedie deviance of the blend over holdouts; None without one. The predictions are scaled to the
    actual totals, so the error of the total, which depends on the season, does not count."""
    found = [
        metrics.tweedie_deviance(one.actual, softmax(array(weights) @ one.predicted) * one.actual.sum())
        for one in holdouts
    ]
    return float(np.mean(found)) if found else None


def log_loss(holdouts: Sequence[Evidence], weights: Weights) -> float | None:
    """Returns the mean log loss (nats) of the blend over holdouts, with the mean probability set to the share that
    bought; None without one."""
    found = [combining.chance_loss(array(weights), one)[0].mean() for one in holdouts]
    return float(np.mean(found)) if found else None


def array(weights: Weights) -> Array:
    """Returns the weights in their order, shape (parts,)."""
    return np.array(list(weights.values()))
