"""Discounting: the present value of later revenue."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from spark_jobs.models import btyd
from spark_jobs.models.maximum_likelihood import distinct

DAYS_PER_MONTH = 365 / 12


def discount_factors(
    model: btyd.BgNbd, x: np.ndarray, T: np.ndarray, horizons: Iterable[int], rate: float
) -> dict[int, np.ndarray]:
    """Returns the present value of one unit of money that is spent over each horizon (days) when a customer's orders
    are expected, shape (n,).

    Sums over months the orders expected in the month times (1 + rate) ** -(month / 12), and divides by the orders
    expected in the horizon. P(alive) cancels, so the factor depends only on x and T (weeks). It is in (0, 1].
    """
    # Whole weeks give few distinct pairs and nearly the same factor. Blocks of customers share most of them.
    (x, T), inverse = distinct([x, np.round(T)])
    wanted, found = list(zip(x.tolist(), T.tolist(), strict=True)), {}
    for horizon in horizons:
        known = _known(model, horizon, rate)
        if new := [place for place, pair in enumerate(wanted) if pair not in known]:
            factors = _factors(model, x[new], T[new], horizon, rate)
            known.update(zip([wanted[place] for place in new], factors.tolist(), strict=True))
        found[horizon] = np.array([known[pair] for pair in wanted])[inverse]
    return found


@lru_cache(maxsize=16)
def _known(model: btyd.BgNbd, horizon_days: int, rate: float) -> dict[tuple[float, float], float]:  # noqa: ARG001
    """The factors that were computed before, by x and T."""
    return {}


def _factors(model: btyd.BgNbd, x: np.ndarray, T: np.ndarray, horizon_days: int, rate: float) -> np.ndarray:
    months = int(np.ceil(horizon_days / DAYS_PER_MONTH - 1e-9))
    before, value = np.zeros(len(x)), np.zeros(len(x))
    for month in range(1, months + 1):
        day = min(month * DAYS_PER_MONTH, horizon_days)
        by_then = btyd.expected_orders_if_alive(model, x, T, day / 7)
        value += np.maximum(by_then - before, 0) * (1 + rate) ** -(month / 12)
        before = np.maximum(by_then, before)
    latest = (1 + rate) ** -(months / 12)
    factor = np.divide(value, before, out=np.full(len(before), latest), where=before > 0)
    return np.clip(factor, min(latest, 1.0), max(1.0, latest))
