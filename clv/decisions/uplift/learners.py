"""Three learners of uplift on boosted trees: what an arm adds to a customer's outcome, given what was known before.

All rest on the expected outcome of a customer under each arm, `expected`, of shape (n, arms), the control first, which
a model has predicted that did not learn from the customer. The shares of the arms are known, because they were drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xgboost

Array = np.ndarray
ROUNDS = 60
# Small trees and large leaves: the effect of an arm is small compared with the spread of outcomes.
BOOSTING = {
    "objective": "reg:squarederror",
    "tree_method": "hist",
    "max_depth": 3,
    "learning_rate": 0.05,
    "min_child_weight": 50,  # customers in a leaf
    "random_state": 0,
    "nthread": 1,  # so that the result depends on the arguments alone
}
NAMES = ("T", "X", "DR")


@dataclass(frozen=True)
class Drawn:
    """What was drawn and seen of n customers: inputs (n, inputs), arm and outcome (n,), shares of the arms (arms,)."""

    inputs: Array
    arm: Array
    outcome: Array
    shares: Array


def boosted(inputs: Array, label: Array, at: Array) -> Array:
    """Boosts trees for the label, shape (n,), and predicts at other inputs, shape (rows, inputs)."""
    matrix = xgboost.QuantileDMatrix(inputs, label, nthread=1)
    trees = xgboost.train(BOOSTING, matrix, ROUNDS)
    return trees.predict(xgboost.DMatrix(at, nthread=1)).astype(np.float64)


def scores(drawn: Drawn, expected: Array) -> Array:
    """Doubly robust scores, shape (n, arms): unbiased for each customer's outcome under each arm, because the shares
    are known; the closer the expected outcomes, the smaller their variance.

    Source: Robins, Rotnitzky & Zhao 1994, "Estimation of regression coefficients when some regressors are not always
    observed", JASA 89.
    """
    got = drawn.arm[:, None] == np.arange(len(drawn.shares))
    return expected + got * (drawn.outcome[:, None] - expected) / drawn.shares


def differences(drawn: Drawn, expected: Array, arm: int) -> Array:
    """The actual uplift of each customer by an arm, shape (n,): the difference of two scores, right in the mean of
    customers and far too noisy to be read for one."""
    by_customer = scores(drawn, expected)
    return by_customer[:, arm] - by_customer[:, 0]


def uplifts(drawn: Drawn, expected: Array, arm: int, learnt: Array, at: Array) -> Array:
    """The uplift of an arm over the control by each learner of NAMES, shape (learners, rows).

    learnt: which customers are learned from. at: which are predicted; both boolean, of shape (n,).

    Sources: Künzel, Sekhon, Bickel & Yu 2019, "Metalearners for estimating heterogeneous treatment effects using
    machine learning", PNAS 116 (T and X); Kennedy 2023, "Towards optimal doubly robust estimation of heterogeneous
    causal effects", Electronic Journal of Statistics 17 (DR).
    """
    by_t = expected[at, arm] - expected[at, 0]
    return np.stack([by_t, _x(drawn, expected, arm, learnt, at), _dr(drawn, expected, arm, learnt, at)])


def _x(drawn: Drawn, expected: Array, arm: int, learnt: Array, at: Array) -> Array:
    treated, control = learnt & (drawn.arm == arm), learnt & (drawn.arm == 0)
    inputs, y = drawn.inputs, drawn.outcome
    by_treated = boosted(inputs[treated], y[treated] - expected[treated, 0], inputs[at])
    by_control = boosted(inputs[control], expected[control, arm] - y[control], inputs[at])
    share = drawn.shares[arm] / (drawn.shares[arm] + drawn.shares[0])
    return share * by_control + (1 - share) * by_treated


def _dr(drawn: Drawn, expected: Array, arm: int, learnt: Array, at: Array) -> Array:
    return boosted(drawn.inputs[learnt], differences(drawn, expected, arm)[learnt], drawn.inputs[at])
