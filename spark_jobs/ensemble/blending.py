"""Chooses the weights of the blend on the holdouts: weights of the parts of the mean, and of the parts of the
probability.

Weights are non-negative and sum to one. The mean is a weighted geometric mean of its parts, the probability a weighted
mean of log-odds. The setting `blend` selects one of three ways to choose weights. `weighted` starts from the usual
weights and changes them only as far as gains on the holdouts support the change. `voting` gives all parts equal
weights. `stacking` takes the weights with the least loss on the holdouts (Wolpert 1992, Stacked generalization, Neural
Networks 5; non-negative as in Breiman 1996, Stacked regressions, Machine Learning 24).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import softmax

from spark_jobs.features.columns import Array
from spark_jobs.judging import metrics
from spark_jobs.models.log_odds import shifted

Weights = dict[str, float]  # weights of parts by name, non-negative and of sum one

# Usual weights of the mean: the anchor, the Tweedie learner, the boosted probability times spend, the blended
# probability times spend, and the trailing year.
USUAL: Weights = {"anchor": 0.20, "tweedie": 0.25, "boosted": 0.20, "blended": 0.20, "trailing_year": 0.15}
# for shops whose customers follow patterns that the anchor cannot represent
BOOSTED: Weights = {"anchor": 0.00, "tweedie": 0.35, "boosted": 0.33, "blended": 0.32, "trailing_year": 0.00}
# for shops with few examples to learn from
ANCHORED: Weights = {"anchor": 0.70, "tweedie": 0.06, "boosted": 0.10, "blended": 0.10, "trailing_year": 0.04}
UNLEARNED: Weights = {"anchor": 0.85, "trailing_year": 0.15}  # where no learner could be trained
ENOUGH_BUYERS = 500  # buyers in the latest closed window; with fewer, the weights shift towards ANCHORED
# Relative gain in deviance at which the weights start to change; at twice this gain the change is complete.
LEAST_GAIN = 0.01
POWER = 1.5  # variance power of the Tweedie deviance that judges relative predictions

# Usual weights of the probability: the anchor, the boosted learner and the logistic regression.
USUAL_CHANCE: Weights = {"anchor": 0.1, "boosted": 0.3, "regression": 0.6}
UNLEARNED_CHANCE: Weights = {"anchor": 1.0}
CHANCES = [(a / 5, b / 5, 1 - (a + b) / 5) for a in (0, 1, 2) for b in (1, 2, 3)] + [(0.7, 0.1, 0.2)]
LEAST = 1e-12  # least ratio of a prediction to its part's mean, so that the logarithm exists
TEMPERATURE = 4.0  # difference in log loss (nats, summed over customers) that divides a candidate's weight by e


@dataclass(frozen=True)
class Blend:
    """Weights of the parts of the mean and of the probability, with their mean losses over the holdouts: the Tweedie
    deviance of relative predictions, and the log loss of the probability (nats). A loss is None without holdouts."""

    value_weights: Weights
    chance_weights: Weights
    deviance: float | None = None
    log_loss: float | None = None


def named(weights: Array, parts: Iterable[str]) -> Weights:
    """Returns weights by name, from weights in the order of `parts`."""
    return dict(zip(parts, weights.tolist(), strict=True))


def _array(weights: Weights) -> Array:
    return np.array(list(weights.values()))


def normalised(values: Array) -> Array:
    """Divides predictions by their mean."""
    return values / max(float(values.mean()), 1e-300)


def geometric(parts: Sequence[Array], weights: Sequence[float] | Array) -> Array:
    """Returns the weighted geometric mean of several predictions, each first scaled to a mean of one. The result has a
    mean of one, shape (n,)."""
    logs = sum(w * np.log(np.maximum(normalised(part), LEAST)) for w, part in zip(weights, parts, strict=True))
    return normalised(np.exp(logs - np.max(logs)))


def deviance(actual: Array, relative: Array) -> float:
    """Returns the mean Tweedie deviance of relative predictions after scaling them to the actual total. The error of
    the total, which depends on the season, therefore does not count."""
    return metrics.tweedie_deviance(actual, np.maximum(normalised(relative), 1e-9) * max(float(actual.mean()), 1e-12))


def value_weights(parts: Sequence[Sequence[Array]], actual: Sequence[Array], buyers: float) -> Array:
    """Chooses the weights of the five parts, in the order of USUAL, on the holdouts.

    parts: for each holdout, the predictions of each part, from models that did not see the holdout. actual: the actual
    revenue of each holdout. buyers: in the latest closed window. Few buyers shift USUAL towards ANCHORED. If BOOSTED or
    ANCHORED gains on at least two holdouts, the weights shift towards the better of the two.
    """
    few = float(np.clip((ENOUGH_BUYERS - buyers) / ENOUGH_BUYERS, 0, 1))
    base = (1 - few) * _array(USUAL) + few * _array(ANCHORED)
    best, furthest = base, 0.0
    for other in (_array(BOOSTED), _array(ANCHORED)):
        gains = [
            1 - deviance(outcome, geometric(found, other)) / max(deviance(outcome, geometric(found, base)), 1e-12)
            for found, outcome in zip(parts, actual, strict=True)
            if outcome.sum() > 0
        ]
        shift = float(np.clip((np.mean(gains) - LEAST_GAIN) / LEAST_GAIN, 0, 1)) if len(gains) >= 2 else 0.0
        if shift > furthest:
            best, furthest = (1 - shift) * base + shift * other, shift
    return best


def chance_weights(log_odds: Sequence[Array], bought: Sequence[Array]) -> Array:
    """Returns the weights of the three log-odds, in the order of USUAL_CHANCE: half the usual weights, half the mean of
    CHANCES weighted by their log loss.

    log_odds: per holdout, shape (3, n). bought: 0 or 1, shape (n,). The mean probability is first set to the share that
    bought, so that an error in the total does not count against a candidate.
    """
    usual = _array(USUAL_CHANCE)
    if not bought:
        return usual
    losses = np.zeros(len(CHANCES))
    for found, outcome in zip(log_odds, bought, strict=True):
        for number, weights in enumerate(CHANCES):
            losses[number] += len(outcome) * metrics.log_loss(
                outcome, shifted(np.array(weights) @ found, _share(outcome))
            )
    evidence = np.exp(-(losses - losses.min()) / TEMPERATURE)
    return 0.5 * usual + 0.5 * (evidence / evidence.sum()) @ np.array(CHANCES)


def voting(parts: int) -> Array:
    """Returns equal weights for all parts."""
    return np.full(parts, 1 / parts)


def stacked_value(parts: Sequence[Sequence[Array]], actual: Sequence[Array], otherwise: Array) -> Array:
    """Returns the weights that minimise `value_loss`, or `otherwise` if no holdout had revenue.

    parts, actual: as in `value_weights`. The deviance is not convex in the weights, so the best of several starts is
    taken.
    """
    known = [
        (np.log(np.maximum([normalised(part) for part in found], LEAST)), outcome)
        for found, outcome in zip(parts, actual, strict=True)
        if outcome.sum() > 0
    ]

    def loss(weights: Array) -> tuple[float, Array]:
        total, slope = 0.0, np.zeros(len(weights))
        for logs, outcome in known:
            share = softmax(weights @ logs)
            predicted = share * outcome.sum()
            total += metrics.tweedie_deviance(outcome, predicted, POWER)
            by_log = (
                2 / len(outcome) * (predicted ** (2 - POWER) - outcome * predicted ** (1 - POWER))
            )  # derivative of the deviance with respect to the log of the prediction
            slope += (logs - (logs @ share)[:, None]) @ by_log
        return total / len(known), slope / len(known)

    return _least(loss, len(otherwise)) if known else otherwise


def stacked_chance(log_odds: Sequence[Array], bought: Sequence[Array], otherwise: Array) -> Array:
    """Returns the weights that minimise `chance_loss`, or `otherwise` if all or no customers bought at every holdout.

    log_odds, bought: as in `chance_weights`. The mean probability is fixed to the share that bought, which leaves
    mean((p - bought) * log-odds) as the gradient.
    """
    known = [(found, outcome) for found, outcome in zip(log_odds, bought, strict=True) if 0 < outcome.mean() < 1]

    def loss(weights: Array) -> tuple[float, Array]:
        total, slope = 0.0, np.zeros(len(weights))
        for found, outcome in known:
            p = shifted(weights @ found, float(outcome.mean()))
            total += metrics.log_loss(outcome, p)
            slope += found @ (p - outcome) / len(outcome)
        return total / len(known), slope / len(known)

    return _least(loss, len(otherwise)) if known else otherwise


def value_loss(parts: Sequence[Sequence[Array]], actual: Sequence[Array], weights: Array) -> float | None:
    """Returns the mean `deviance` of the blend over holdouts with revenue; None without one."""
    losses = [
        deviance(outcome, geometric(found, weights))
        for found, outcome in zip(parts, actual, strict=True)
        if outcome.sum() > 0
    ]
    return float(np.mean(losses)) if losses else None


def chance_loss(log_odds: Sequence[Array], bought: Sequence[Array], weights: Array) -> float | None:
    """Returns the mean log loss (nats) of the blend over holdouts, with the mean probability set to the share that
    bought; None without one."""
    losses = [
        metrics.log_loss(outcome, shifted(weights @ found, _share(outcome)))
        for found, outcome in zip(log_odds, bought, strict=True)
    ]
    return float(np.mean(losses)) if losses else None


def _share(bought: Array) -> float:
    return float(np.clip(bought.mean(), 1e-4, 1 - 1e-4))


def _least(loss: Callable[[Array], tuple[float, Array]], parts: int) -> Array:
    """Returns the non-negative weights of sum one with the least loss. The starts are equal weights, and most of the
    weight on each part in turn.

    loss: returns the loss of weights and its gradient. Both are divided by the loss of equal weights, so that the
    stopping rule does not depend on the unit of money.
    """
    starts = [voting(parts), *(0.9 * np.eye(parts) + 0.1 / parts)]
    unit = max(loss(starts[0])[0], 1e-12)

    def scaled(weights: Array) -> tuple[float, Array]:
        value, slope = loss(weights)
        return value / unit, slope / unit

    found = [
        minimize(
            scaled, start, jac=True, method="SLSQP", options={"ftol": 1e-9}, bounds=[(0, 1)] * parts,
            constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1},
        ).x
        for start in starts
    ]  # fmt: skip
    shares = [(weights := np.maximum(one, 0)) / weights.sum() for one in found]
    return min(shares, key=lambda weights: loss(weights)[0])
