"""Shifts log-odds by a constant, so that the mean probability equals a given share."""

from __future__ import annotations

from scipy.optimize import root_scalar
from scipy.special import expit

from spark_jobs.features.columns import Array

LARGEST = 8.0  # bound of a shift


def shift_to(log_odds: Array, share: float) -> float:
    """Returns the constant, of at most LARGEST in absolute value, that brings the mean probability of these log-odds to
    `share`."""

    def excess(shift: float) -> float:
        return float(expit(log_odds + shift).mean()) - share

    if excess(-LARGEST) >= 0 or excess(LARGEST) <= 0:
        return -LARGEST if excess(-LARGEST) >= 0 else LARGEST
    return float(root_scalar(excess, bracket=(-LARGEST, LARGEST), xtol=1e-12).root)
