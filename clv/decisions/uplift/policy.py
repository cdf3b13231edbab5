"""What a policy, a choice of an arm for each customer, would have brought, and whether it may be recommended.

A policy's value is the mean of doubly robust scores, less the cost of the arms. Because each customer's choice and
expected outcome are those of models that did not learn from the customer, the mean is not flattered by learning.

Source: Athey & Wager 2021, "Policy learning with observational data", Econometrica 89.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from clv.decisions.experiments.differences import ALPHA

Array = np.ndarray
LEAST_DIFFERENT = (
    200  # customers for whom a policy chooses another arm, below which its mean is not normally distributed
)


@dataclass(frozen=True)
class Estimate:
    """A mean over customers with the bounds of its interval, of 95 % unless stated otherwise; in the outcome's unit."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Judged:
    """What policies would have brought, per customer.

    constant: the value of each arm for all, the control first. learned: that of the learned policy. gains: what the
    learned policy brings more than each of them. over_control: what each arm for all brings more than the control, 0
    for the control itself; all intervals together are 95 % intervals. best: the place of the arm with the highest
    value. customers: how many the learned policy gives each arm.
    """

    constant: list[Estimate]
    learned: Estimate
    gains: list[Estimate]
    over_control: list[Estimate]
    best: int
    customers: list[int]

    @property
    def recommended(self) -> bool:
        """Whether the learned policy is better than every arm for all: each interval of its gains is above 0. As all
        must be, it does no harm that the arm that seems best may be so by chance."""
        total = sum(self.customers)
        different = all(total - number >= LEAST_DIFFERENT for number in self.customers)
        return different and all(gain.low > 0 for gain in self.gains)


def mean(values: Array, alpha: float = ALPHA) -> Estimate:
    """The mean with its interval of 1 − alpha, by the central limit theorem."""
    middle = float(values.mean())
    half = float(stats.norm.ppf(1 - alpha / 2) * values.std(ddof=1) / np.sqrt(len(values)))
    return Estimate(middle, middle - half, middle + half)


def learned(uplift: Array, cost: float) -> Array:
    """The arm with the highest uplift less its cost, shape (n,): the control, of which both are 0, where none is
    above 0. uplift: shape (n, arms), the control first. cost: of reaching one customer, in the unit of the outcome."""
    return np.argmax(uplift - _costs(uplift.shape[1], cost), axis=1)


def judge(scores: Array, choice: Array, cost: float) -> Judged:
    """Judges a choice of arms, shape (n,), by the doubly robust scores of customers, shape (n, arms)."""
    values = scores - _costs(scores.shape[1], cost)
    of_choice = values[np.arange(len(values)), choice]
    constant = [mean(value) for value in values.T]
    return Judged(
        constant=constant,
        learned=mean(of_choice),
        gains=[mean(of_choice - value) for value in values.T],
        over_control=[mean(value - values[:, 0], ALPHA / (values.shape[1] - 1)) for value in values.T],
        best=int(np.argmax([one.mean for one in constant])),
        customers=np.bincount(choice, minlength=scores.shape[1]).tolist(),
    )


def _costs(arms: int, cost: float) -> Array:
    return np.where(np.arange(arms) > 0, cost, 0.0)
