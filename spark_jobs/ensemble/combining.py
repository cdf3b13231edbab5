"""Chooses weights of parts by what the holdouts show, as far as customers they were not chosen on support it.

A part forecasts every customer: the money (as logs) or the chance of an order (as log-odds). The weights with the
least loss on the holdouts (Wolpert 1992, Stacked generalization, Neural Networks 5; non-negative and of sum one as in
Breiman 1996, Stacked regressions, Machine Learning 24) also fit chance. So a penalty holds them near the usual weights,
and how strong it has to be is found by cross-fitting: each of PENALTIES is judged on one fold of the customers at one
holdout, with the weights for the other customers at the other holdouts. The strongest penalty is taken whose loss
exceeds the lowest one by no more than SUPPORTED standard errors of the difference. Where a part alone is significantly
better than the result, a weaker penalty follows, so that no part alone is significantly better on the holdouts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, softmax

from spark_jobs.features.columns import Array
from spark_jobs.models.log_odds import shift_to

# On the squared distance from the usual weights, relative to the loss of these; from the strongest to none.
PENALTIES = (0.3, 0.1, 0.03, 0.01, 0.0)
FOLDS = 3  # folds of the customers in cross-fitting
SUPPORTED = 1.0  # standard errors by which the loss of a penalty that is taken may exceed the lowest one
SIGNIFICANT = 2.0  # standard errors by which a part's loss is lower if it is significantly better
LEAST_WEIGHT = 0.01  # smaller weights become 0, so that a part that hardly counts need not be computed
LEAST_SHARE = 1e-4  # least distance of a share of buyers from 0 and 1
LEAST = 1e-6  # least relative prediction, and least distance of a probability from 0 and 1, so that losses are finite


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the parts predicted for the customers of a holdout, and what followed.

    predicted: logs of relative money or log-odds, shape (parts, n). actual: the money, or whether they bought (0 or
    1), shape (n,). customer: a number that identifies the customer at every holdout, shape (n,).
    """

    predicted: Array
    actual: Array
    customer: Array

    def where(self, rows: Array) -> Evidence:
        """Returns some of the customers; rows: booleans, shape (n,)."""
        return Evidence(self.predicted[:, rows], self.actual[rows], self.customer[rows])


# Returns the loss of each customer with some weights, shape (n,), and the gradient of its mean, shape (parts,).
Loss = Callable[[Array, Evidence], tuple[Array, Array]]


def money_loss(holdouts: Sequence[Evidence], usual: Array) -> Loss:
    """Returns the loss of relative money: half Tweedie deviance, which judges small customers, and half squared error,
    which judges large ones, each in units of its mean with the usual weights.

    Predictions and actuals are divided by their means, so the error of the total does not count. With the power 1.5 the
    deviance of a prediction r from an actual a is 4 (√a - √r)² / √r (Jørgensen 1997, The theory of dispersion models).
    """
    errors = [_deviance_and_square(*_relative(usual, holdout)) for holdout in holdouts]
    units = np.maximum(np.mean([[one.mean() for one in both] for both in errors] or [[1, 1]], axis=0), LEAST)

    def loss(weights: Array, holdout: Evidence) -> tuple[Array, Array]:
        actual, relative = _relative(weights, holdout)
        deviance, square = _deviance_and_square(actual, relative)
        by_log = (relative - actual) * (1 / np.sqrt(relative) / units[0] + relative / units[1])
        centred = by_log - relative * by_log.mean()
        return 0.5 * (deviance / units[0] + square / units[1]), holdout.predicted @ centred / len(actual)

    return loss


def chance_loss(weights: Array, holdout: Evidence) -> tuple[Array, Array]:
    """The log loss (nats) of log-odds that were shifted until the mean probability is the share that bought: an error
    of the total does not count."""
    log_odds = weights @ holdout.predicted
    share = float(np.clip(holdout.actual.mean(), LEAST_SHARE, 1 - LEAST_SHARE))
    p = np.clip(expit(log_odds + shift_to(log_odds, share)), LEAST, 1 - LEAST)
    losses = -np.where(holdout.actual > 0, np.log(p), np.log1p(-p))
    return losses, holdout.predicted @ (p - holdout.actual) / len(p)


def least(loss: Loss, holdouts: Sequence[Evidence], usual: Array, penalty: float = 0.0) -> Array:
    """Returns the weights, non-negative and of sum one, with the least mean loss over the holdouts plus a penalty on
    the squared distance from the usual weights, in units of the loss of the usual weights (SLSQP)."""
    unit = max(float(np.mean([loss(usual, holdout)[0].mean() for holdout in holdouts])), LEAST)

    def total(weights: Array) -> tuple[float, Array]:
        found = [loss(weights, holdout) for holdout in holdouts]
        value, slope = np.mean([each.mean() for each, _ in found]), np.mean([slope for _, slope in found], axis=0)
        away = weights - usual
        return float(value) / unit + penalty * float(away @ away), slope / unit + 2 * penalty * away

    start = 0.9 * usual + 0.1 / len(usual)  # so that the search can change each weight
    found = minimize(
        total, start, jac=True, method="SLSQP", options={"ftol": 1e-8}, bounds=[(0, 1)] * len(start),
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1, "jac": np.ones_like},
    ).x  # fmt: skip
    weights = np.where(found < LEAST_WEIGHT, 0, found)
    return weights / weights.sum()


def chosen(loss: Loss, holdouts: Sequence[Evidence], usual: Array) -> Array:
    """Returns the chosen weights of the parts, non-negative and of sum one; the usual ones without holdouts."""
    if not holdouts:
        return usual
    supported = _steps(loss, holdouts, usual)[_supported(loss, holdouts, usual) :]
    return _not_beaten(loss, holdouts, supported)


def _steps(loss: Loss, holdouts: Sequence[Evidence], usual: Array) -> list[Array]:
    """Returns the usual weights, and those of least loss with each penalty."""
    return [usual, *(least(loss, holdouts, usual, penalty) for penalty in PENALTIES)]


def _supported(loss: Loss, holdouts: Sequence[Evidence], usual: Array) -> int:
    """Returns the first step that is, in cross-fitting, not worse than the best by more than SUPPORTED standard
    errors."""
    losses, customer = [], []
    for place, holdout in enumerate(holdouts):
        others = [one for other, one in enumerate(holdouts) if other != place] or [holdout]
        for fold in range(FOLDS):
            unseen = holdout.where(holdout.customer % FOLDS == fold)
            seen = [one.where(one.customer % FOLDS != fold) for one in others]
            if len(unseen.actual) and all(len(one.actual) for one in seen):
                losses.append([loss(weights, unseen)[0] for weights in _steps(loss, seen, usual)])
                customer.append(unseen.customer)
    if not losses:
        return 0
    found, who = np.concatenate(losses, axis=1), np.concatenate(customer)
    lowest = found[found.mean(axis=1).argmin()]
    away = [one - lowest for one in found]
    return next(step for step, one in enumerate(away) if one.mean() <= SUPPORTED * _standard_error(one, who))


def _not_beaten(loss: Loss, holdouts: Sequence[Evidence], steps: Sequence[Array]) -> Array:
    """Returns the first of these weights against which no part alone is significantly better on the holdouts. If there
    is none (a search may end in a local minimum), all weight is on the best part."""
    who = np.concatenate([holdout.customer for holdout in holdouts])

    def losses(weights: Array) -> Array:
        return np.concatenate([loss(weights, holdout)[0] for holdout in holdouts])

    parts = np.eye(len(steps[0]))
    alone = [losses(part) for part in parts]
    for weights in steps:
        ours = losses(weights)
        if all((ours - one).mean() <= SIGNIFICANT * _standard_error(ours - one, who) for one in alone):
            return weights
    return parts[np.argmin([one.mean() for one in alone])]


def _standard_error(differences: Array, customer: Array) -> float:
    """Returns the standard error of the mean of differences, of which those of a customer go together."""
    _, place = np.unique(customer, return_inverse=True)
    sums = np.bincount(place, differences - differences.mean())
    return float(np.sqrt(sums @ sums)) / len(differences)


def _relative(weights: Array, holdout: Evidence) -> tuple[Array, Array]:
    share = softmax(weights @ holdout.predicted)
    actual = holdout.actual / max(float(holdout.actual.mean()), LEAST)
    return actual, np.maximum(share * len(share), LEAST)


def _deviance_and_square(actual: Array, relative: Array) -> tuple[Array, Array]:
    return 4 * (np.sqrt(actual) - np.sqrt(relative)) ** 2 / np.sqrt(relative), (actual - relative) ** 2
