"""How forecasts are blended: the weights of the mean's parts and of the chance's, chosen on closed origins.

Weights are non-negative and sum to one; the parts of the mean are blended as a weighted geometric mean, chances as a
weighted mean of log-odds. What is proven on closed origins moves the weights from their usual values, and no further.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import expit

from spark_jobs import metrics
from spark_jobs.columns import Array
from spark_jobs.level import shifted

# Of the mean: anchor, Tweedie, boosted chance times spend, blended chance times spend, trailing year.
USUAL = (0.20, 0.25, 0.20, 0.20, 0.15)
BOOSTED = (0.00, 0.35, 0.33, 0.32, 0.00)  # where customers have habits that the anchor cannot see
ANCHORED = (0.70, 0.06, 0.10, 0.10, 0.04)  # where there is little to learn from
UNLEARNED = (0.85, 0.15)  # anchor and trailing year, where nothing could be learned
ENOUGH_BUYERS = 500  # in the latest closed window: with fewer, weights lean to ANCHORED
PROVEN = 0.01  # gain in deviance from which the weights move, and a second one until they have moved all the way
POWER = 1.5  # of the Tweedie deviance that shapes are judged by

# Of the chance: anchor, boosted, logistic regression.
USUAL_CHANCE = (0.1, 0.3, 0.6)
CHANCES = [(a / 5, b / 5, 1 - (a + b) / 5) for a in (0, 1, 2) for b in (1, 2, 3)] + [(0.7, 0.1, 0.2)]
PATIENCE = 4.0  # nats of log loss that make a candidate's say e times smaller


def normalised(values: Array) -> Array:
    """Forecasts relative to their mean."""
    return values / max(float(values.mean()), 1e-300)


def geometric(parts: Sequence[Array], weights: Sequence[float] | Array) -> Array:
    """Weighted geometric mean of forecasts, each first brought to a mean of one; again of mean one, shape (n,)."""
    logs = sum(w * np.log(np.maximum(normalised(part), 1e-12)) for w, part in zip(weights, parts, strict=True))
    return normalised(np.exp(logs - np.max(logs)))


def deviance(actual: Array, shape: Array) -> float:
    """Mean Tweedie deviance of a shape brought to the true total: the level is the season's doing, not the shape's."""
    return metrics.tweedie_deviance(actual, np.maximum(normalised(shape), 1e-9) * max(float(actual.mean()), 1e-12))


def value_weights(parts: Sequence[Sequence[Array]], actual: Sequence[Array], buyers: float) -> Array:
    """Weights of the five parts, from the latest closed origins: out-of-sample parts of each, and what came.

    buyers: in the latest closed window. Few buyers move USUAL to ANCHORED; what BOOSTED or ANCHORED gained at two
    closed origins or more moves the weights on to whichever gained most.
    """
    few = float(np.clip((ENOUGH_BUYERS - buyers) / ENOUGH_BUYERS, 0, 1))
    base = (1 - few) * np.array(USUAL) + few * np.array(ANCHORED)
    best, furthest = base, 0.0
    for other in (BOOSTED, ANCHORED):
        gains = [
            1 - deviance(came, geometric(found, other)) / max(deviance(came, geometric(found, base)), 1e-12)
            for found, came in zip(parts, actual, strict=True)
            if came.sum() > 0
        ]
        move = float(np.clip((np.mean(gains) - PROVEN) / PROVEN, 0, 1)) if len(gains) >= 2 else 0.0
        if move > furthest:
            best, furthest = (1 - move) * base + move * np.array(other), move
    return best


def chance_weights(log_odds: Sequence[Array], bought: Sequence[Array]) -> Array:
    """Weights of the three log-odds: half the usual ones, half the mean of CHANCES weighed by their log loss.

    log_odds: per closed origin, shape (3, n); bought: 0 or 1, shape (n,). Losses are those with the mean chance set
    to the share that bought, so that a level missed is not held against a candidate.
    """
    usual = np.array(USUAL_CHANCE)
    if not bought:
        return usual
    losses = np.zeros(len(CHANCES))
    for found, came in zip(log_odds, bought, strict=True):
        share = float(np.clip(came.mean(), 1e-4, 1 - 1e-4))
        for number, weights in enumerate(CHANCES):
            losses[number] += len(came) * metrics.log_loss(came, shifted(np.array(weights) @ found, share))
    say = np.exp(-(losses - losses.min()) / PATIENCE)
    return 0.5 * usual + 0.5 * (say / say.sum()) @ np.array(CHANCES)


def blended(log_odds: Array, weights: Sequence[float] | Array) -> Array:
    """Chances from log-odds of shape (parts, n)."""
    return expit(np.asarray(weights) @ log_odds)
