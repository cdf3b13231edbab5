"""Uplift of each customer by models that learned, and were chosen, without the customer.

The customers are divided into FOLDS parts. For each part, the learner is the one with the best Qini on the other parts,
there predicted by models that have seen neither the part that is judged nor the one that is to be predicted. The same
predictions say how much larger than the actual differences the predicted ones are, and the learner's are calibrated by
that. So every model is trained for one excluded part, for two, or for three: with three excluded, the expected outcomes
that learners without two of them learn from.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from clv.decisions.uplift import calibration
from clv.decisions.uplift.learners import NAMES, Drawn, boosted, differences, uplifts
from clv.decisions.uplift.qini import qini
from spark_jobs.io.parallel import on_this_machine

Array = np.ndarray
FOLDS = 5
SEED = 201
Parts = tuple[int, ...]  # excluded parts, ascending
Fit = tuple[Parts, int]  # a model: the parts that it has not seen and predicts, and the arm


@dataclass(frozen=True)
class CrossFitted:
    """Predictions for n customers, each by models that did not learn from the customer.

    part: the customer's part, shape (n,). expected: the expected outcome under each arm, shape (n, arms). by_learner:
    the uplift by each learner of NAMES, shape (learners, n, arms); that of the control is 0. uplift: that of the
    learner chosen for the customer's part, calibrated, shape (n, arms). chosen: by arm other than the control, the
    place of the learner chosen for each part.
    """

    part: Array
    expected: Array
    by_learner: Array
    uplift: Array
    chosen: list[list[int]]


def parts(arm: Array) -> Array:
    """Divides customers at random into FOLDS parts with equally many of each arm, shape (n,)."""
    random, part = np.random.default_rng(SEED), np.empty(len(arm), dtype=int)
    for one in np.unique(arm):
        rows = random.permutation(np.flatnonzero(arm == one))
        part[rows] = np.arange(len(rows)) % FOLDS
    return part


def centred(uplift: Array, part: Array) -> Array:
    """Uplift less the mean of the customer's part, shape (..., n), by which customers are ranked.

    Models without a part expect the more of it, the less it had by chance, because the others then have more. Compared
    across parts, predictions would therefore rank customers worse than they do. Where all of a part are equal, they are
    equal to those of other such parts.

    The median would not do: of customers of two kinds, it is that of the kind which happens to be more frequent in the
    part, and parts would be as far apart as the kinds.
    """
    result = np.empty_like(uplift)
    for one in range(FOLDS):
        own = uplift[..., part == one]
        # The mean of equal numbers may differ from them in the last digit.
        differs = np.ptp(own, axis=-1, keepdims=True) > 0
        result[..., part == one] = np.where(differs, own - own.mean(axis=-1, keepdims=True), 0.0)
    return result


def cross_fitted(drawn: Drawn) -> CrossFitted:
    """Predicts each customer's expected outcomes and uplift. The result depends on the arguments alone."""
    part, arms = parts(drawn.arm), range(len(drawn.shares))
    excluded = {k: list(combinations(range(FOLDS), k)) for k in (1, 2, 3)}
    outcomes = [(out, arm) for k in (1, 2, 3) for out in excluded[k] for arm in arms]
    with on_this_machine((drawn, part), "models of expected outcomes were trained") as each:
        expected = dict(zip(outcomes, each(_expect, outcomes), strict=True))
    effects = [(out, arm) for k in (1, 2) for out in excluded[k] for arm in arms[1:]]
    with on_this_machine((drawn, part, expected), "models of uplift were trained") as each:
        uplift = dict(zip(effects, each(_learn, effects), strict=True))
    by_learner = np.zeros((len(NAMES), len(part), len(arms)))
    result, chosen = np.zeros(by_learner.shape[1:]), [[0] * FOLDS for _ in arms[1:]]
    for one in range(FOLDS):
        own = part == one
        for arm in arms[1:]:
            by_learner[:, own, arm] = uplift[(one,), arm]
            others = _others(part, uplift, arm, one)
            chosen[arm - 1][one] = best = _best(drawn, ~own, others, arm)
            actual = differences(drawn, _outside(part, expected, (one,)), arm)
            result[own, arm] = calibration.calibrated(by_learner[best, own, arm], others[best, ~own], actual[~own])
    return CrossFitted(part, _outside(part, expected, ()), by_learner, result, chosen)


def _expect(shared: tuple[Drawn, Array], fit: Fit) -> Array:
    """Predicts the outcome of the excluded customers under an arm, shape (excluded,)."""
    (drawn, part), (out, arm) = shared, fit
    at = np.isin(part, out)
    learnt = ~at & (drawn.arm == arm)
    return boosted(drawn.inputs[learnt], drawn.outcome[learnt], drawn.inputs[at])


def _learn(shared: tuple[Drawn, Array, dict[Fit, Array]], fit: Fit) -> Array:
    """Predicts the uplift of the excluded customers by an arm with each learner, shape (learners, excluded)."""
    (drawn, part, expected), (out, arm) = shared, fit
    at = np.isin(part, out)
    return uplifts(drawn, _outside(part, expected, out), arm, ~at, at)


def _outside(part: Array, expected: dict[Fit, Array], out: Parts) -> Array:
    """Expected outcomes under each arm, shape (n, arms), by models without the excluded and the own part."""
    arms = 1 + max(arm for _, arm in expected)
    result = np.empty((len(part), arms))
    for one in range(FOLDS):
        without = tuple(sorted({*out, one}))
        for arm in range(arms):
            result[part == one, arm] = _of_part(part, one, without, expected[without, arm])
    return result


def _of_part(part: Array, one: int, out: Parts, predicted: Array) -> Array:
    """Those of the predictions for excluded parts, shape (..., excluded), that are for one of the parts."""
    return predicted[..., part[np.isin(part, out)] == one]


def _others(part: Array, uplift: dict[Fit, Array], arm: int, without: int) -> Array:
    """The centred uplift of the other parts by models that have seen neither them nor one part, shape (learners, n)."""
    predicted = np.zeros((len(NAMES), len(part)))
    for one in set(range(FOLDS)) - {without}:
        pair = tuple(sorted((one, without)))
        predicted[:, part == one] = _of_part(part, one, pair, uplift[pair, arm])
    return centred(predicted, part)


def _best(drawn: Drawn, judged: Array, predicted: Array, arm: int) -> int:
    """The place of the learner with the highest Qini among some customers. judged: boolean, shape (n,)."""
    rows = judged & np.isin(drawn.arm, (0, arm))
    treated = drawn.arm[rows] == arm
    return int(np.argmax([qini(one[rows], drawn.outcome[rows], treated) for one in predicted]))
