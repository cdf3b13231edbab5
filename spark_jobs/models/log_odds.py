"""Shifts log-odds by a constant, so that the mean probability equals a given share."""

from __future__ import annotations

from scipy.special import expit

from spark_jobs.features.columns import Array


def shift_to(log_odds: Array, share: float) -> float:
    """Returns the constant, between -8 and 8, that brings the mean probability of these log-odds to `share`."""
    low, high = -8.0, 8.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if expit(log_odds + middle).mean() > share else (middle, high)
    return (low + high) / 2


def shifted(log_odds: Array, share: float) -> Array:
    """Returns the probabilities after a shift of all log-odds that brings their mean to `share`."""
    return expit(log_odds + shift_to(log_odds, share))
