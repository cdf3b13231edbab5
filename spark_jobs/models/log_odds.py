"""Log-odds moved by a constant, so that their mean probability meets a share."""

from __future__ import annotations

from scipy.special import expit

from spark_jobs.features.columns import Array


def shift_to(log_odds: Array, share: float) -> float:
    """The constant that brings the mean probability of these log-odds to `share`, between -8 and 8."""
    low, high = -8.0, 8.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if expit(log_odds + middle).mean() > share else (middle, high)
    return (low + high) / 2


def shifted(log_odds: Array, share: float) -> Array:
    """Probabilities with mean `share`, in the order of the log-odds."""
    return expit(log_odds + shift_to(log_odds, share))
