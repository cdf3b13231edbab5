"""How many customers an experiment needs, the smallest effect that it can see, and how many days it takes.

All take the variance of the outcome, the shares of all customers in the arm and in the control, the probability of a
false alarm (alpha), and that of seeing a true effect (power).

Source: Lachin 1981, "Introduction to sample size determination and power analysis for clinical trials", Controlled
Clinical Trials 2: the effect is (z(1 − alpha / 2) + z(power)) standard errors.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from scipy import stats

from clv.decisions.experiments.differences import ALPHA, Moments

POWER = 0.8


def smallest_effect(
    customers: float, variance: float, shares: tuple[float, float], alpha: float = ALPHA, power: float = POWER
) -> float:
    """The smallest difference of means that an experiment on so many customers sees, in the unit of the outcome."""
    if customers <= 0:
        return math.inf
    return _errors(alpha, power) * math.sqrt(variance * (1 / shares[0] + 1 / shares[1]) / customers)


def sample_size(
    effect: float, variance: float, shares: tuple[float, float], alpha: float = ALPHA, power: float = POWER
) -> int | None:
    """The number of customers, of all arms, with whom an effect can be seen. None if it is not above 0."""
    if effect <= 0:
        return None
    return math.ceil(variance * (1 / shares[0] + 1 / shares[1]) * (_errors(alpha, power) / effect) ** 2)


def days_needed(
    windows: Mapping[int, Moments],
    relative_effect: float,
    shares: tuple[float, float],
    customers: int,
    alpha: float = ALPHA,
) -> int | None:
    """The shortest window, in days, in which an effect can be seen that is a share of the mean. None if it is none.

    windows: by days, the moments of past outcomes within so many days.
    """
    seen = (
        days
        for days, past in sorted(windows.items())
        if past.mean > 0 and smallest_effect(customers, past.variance, shares, alpha) <= relative_effect * past.mean
    )
    return next(seen, None)


def _errors(alpha: float, power: float) -> float:
    return float(stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(power))
