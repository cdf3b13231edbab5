"""Replays a past experiment: what each arm brought, whom it moved, and whether choosing by customer pays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clv.decisions.experiments import differences
from clv.decisions.experiments.differences import Difference
from clv.decisions.uplift import calibration, policy, qini
from clv.decisions.uplift.calibration import Decile
from clv.decisions.uplift.cross_fitting import centred, cross_fitted
from clv.decisions.uplift.experiment_file import Past
from clv.decisions.uplift.learners import NAMES, Drawn, scores
from clv.decisions.uplift.policy import Estimate, Judged

Array = np.ndarray
LEAST_CUSTOMERS = 500  # of an arm, from which its uplift by customer is learned


@dataclass(frozen=True)
class ArmRead:
    """An arm: its customers, the mean of their outcome, and the difference to the control; None for the control itself.
    adjusted: the difference less what the covariate explains (CUPED); None without a covariate."""

    arm: str
    customers: int
    mean: Estimate
    difference: Difference | None
    adjusted: Difference | None


@dataclass(frozen=True)
class Moved:
    """Whom an arm moved, compared with the control.

    by_learner: Qini of each learner. chosen: of how many of the parts each was chosen. qini: that of the chosen ones.
    slope, deciles: how the actual uplift follows the predicted one, over all customers.
    """

    arm: str
    by_learner: dict[str, float]
    chosen: dict[str, int]
    qini: Estimate
    slope: Estimate
    deciles: list[Decile]


@dataclass(frozen=True)
class Uplift:
    """uplift: each customer's predicted uplift by each arm but the control, shape (n, arms - 1). choice: the place of
    the arm that the learned policy chooses, shape (n,)."""

    moved: list[Moved]
    judged: Judged
    uplift: Array
    choice: Array


def sample_ratio_p(past: Past, shares: Array) -> float:
    """The probability of a division at least as far from the planned shares, shape (arms,)."""
    return differences.sample_ratio_p(np.bincount(past.arm, minlength=len(past.arms)).tolist(), shares.tolist())


def read_arms(past: Past) -> list[ArmRead]:
    """Reads the arms of an experiment, the control first."""
    covariate = past.covariate
    moments = [
        differences.of_values(past.outcome[past.arm == arm], None if covariate is None else covariate[past.arm == arm])
        for arm in range(len(past.arms))
    ]
    found = []
    for place, (arm, one) in enumerate(zip(past.arms, moments, strict=True)):
        of_arm = policy.mean(past.outcome[past.arm == place])
        difference = differences.difference(one, moments[0]) if place else None
        adjusted = (
            differences.difference(*differences.adjusted(one, moments[0])) if place and covariate is not None else None
        )
        found.append(ArmRead(arm, int(one.customers), of_arm, difference, adjusted))
    return found


def why_not_learned(past: Past) -> str | None:
    """Why uplift by customer is not examined, as a sentence; None if it can be."""
    if not past.inputs.shape[1]:
        return "Name what was known of customers before the experiment by --features, to see whom each arm moved."
    few = [place for place in range(len(past.arms)) if (past.arm == place).sum() < LEAST_CUSTOMERS]
    if few:
        return f"Whom each arm moved is not examined: '{past.arms[few[0]]}' has fewer than {LEAST_CUSTOMERS} customers."
    if np.ptp(past.outcome) == 0:
        return "Whom each arm moved is not examined: the outcome is the same for everybody."
    return None


def learn(past: Past, cost: float = 0.0) -> Uplift:
    """Learns whom each arm moved, and judges the policy that gives each customer the arm with the highest uplift.

    cost: of reaching one customer, in the unit of the outcome. The share of an arm is that of its customers.
    """
    drawn = Drawn(past.inputs, past.arm, past.outcome, np.bincount(past.arm) / len(past.arm))
    fitted = cross_fitted(drawn)
    by_customer = scores(drawn, fitted.expected)
    moved = []
    for arm in range(1, len(past.arms)):
        rows = np.isin(past.arm, (0, arm))
        seen = past.outcome[rows], past.arm[rows] == arm
        by, *by_learner = centred(np.stack([fitted.uplift[:, arm], *fitted.by_learner[:, :, arm]]), fitted.part)
        actual = by_customer[:, arm] - by_customer[:, 0]
        names = [NAMES[learner] for learner in fitted.chosen[arm - 1]]
        moved.append(
            Moved(
                arm=past.arms[arm],
                by_learner={name: qini.qini(one[rows], *seen) for name, one in zip(NAMES, by_learner, strict=True)},
                chosen={name: names.count(name) for name in NAMES if name in names},
                qini=Estimate(qini.qini(by[rows], *seen), *qini.interval(by[rows], *seen)),
                slope=calibration.slope(by, actual),
                deciles=calibration.deciles(by, fitted.uplift[:, arm], actual),
            )
        )
    choice = policy.learned(fitted.uplift, cost)
    return Uplift(moved, policy.judge(by_customer, choice, cost), fitted.uplift[:, 1:], choice)
