"""Errors of sums: the error that all customers share, and the error that a group shares beyond it.

Customers' errors are correlated, because all predictions share the calibration, and a little more so within a group.
The interval of a sum is therefore narrower than the sum of the customers' intervals, but not narrower than the shared
error. Errors are taken as normal in logs and given as standard deviations. The error of the shop's total is measured by
replaying the level at past origins; the error of groups is measured on the holdouts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import numpy as np
from scipy.stats import norm, t

from spark_jobs.ensemble.calibration import Daily
from spark_jobs.ensemble.level import ClosedWindow, expected_share, level, relevant
from spark_jobs.features.columns import Array

UNMEASURED = 0.3  # standard deviation in logs if no window has closed
LATEST = 12  # number of latest closed windows of each length whose errors count
POOLED = 2.0  # weight, in windows, of all lengths together against the windows of one length
# Upper ends of the groups by predicted value, as shares of the customers, highest value first.
GROUPS = (0.05, 0.25, 0.5)
WITHIN = 0.9  # the share below the upper end of an 80 % interval


def total_errors(
    daily: Daily, totals: Mapping[date, tuple[float, float]], window_days: int, closed: Sequence[ClosedWindow]
) -> dict[date, float]:
    """Returns the log of actual over predicted total at the latest origins whose window has closed, each predicted from
    what was known at the origin.

    totals: per origin, the actual revenue of all customers over the window, and the revenue that the anchor expected.
    Origins before which no window had closed count only if there are no others, because their level had less data than
    today's.
    """
    errors = {
        day: float(np.log(actual / expected))
        - level(daily, day, window_days, closed, expected_share(daily, day, expected)).revenue
        for day, (actual, expected) in sorted(totals.items())
        if actual > 0 and expected > 0
    }
    informed = {day: error for day, error in errors.items() if relevant(closed, day, window_days)} or errors
    return dict(list(informed.items())[-LATEST:])


def spread(errors: Iterable[float], independent: float) -> float:
    """Returns the standard deviation, in logs, of a normal error whose central 80 % interval fits the errors.

    errors: measured on closed windows, around 0. independent: the number of independent windows that the errors are
    worth, since overlapping windows repeat information; a small number widens the result, as in Student's t. Without
    errors the result is UNMEASURED.
    """
    found = np.array(list(errors))
    return _widened(float(np.mean(found**2)), independent) if len(found) else UNMEASURED


def pooled_spreads(errors: Mapping[int, Mapping[date, float]], unmeasured: float = UNMEASURED) -> dict[int, float]:
    """Returns the `spread` of each window length (days). The errors of the length's own windows are combined with those
    of all lengths, which have the weight of POOLED windows.

    A length with few closed windows thus borrows from the others, and a longer horizon is less likely to look more
    certain than a shorter one by chance. A length without errors gets the pooled value; if no length has errors, the
    result is `unmeasured`.
    """
    known = {length: found for length, found in errors.items() if found}
    if not known:
        return dict.fromkeys(errors, unmeasured)
    squares = {length: float(np.mean(np.square(list(found.values())))) for length, found in known.items()}
    counts = {length: independent(found, length) for length, found in known.items()}
    most = max(counts.values())
    pooled = sum(counts[length] * squares[length] for length in known) / sum(counts.values())
    spreads = {}
    for length in errors:
        own = counts.get(length, 0.0)
        square = (own * squares.get(length, 0.0) + POOLED * pooled) / (own + POOLED)
        spreads[length] = _widened(square, min(own + POOLED, most))
    return spreads


def _widened(square: float, windows: float) -> float:
    """Returns the standard deviation that belongs to a mean square error from so many independent windows, widened as
    in Student's t."""
    return float(np.sqrt(square) * t.ppf(WITHIN, max(windows, 1.0)) / norm.ppf(WITHIN))


def group_spread(actual: Sequence[Array], value: Sequence[Array], own: Sequence[Array]) -> float:
    """Returns the standard deviation, in logs, of the error that a group's customers share beyond the shop's error.

    actual, value, own: per holdout, the actual revenue, the prediction, and each customer's own standard deviation,
    shape (n,). Groups are those of GROUPS. The part that customers' own errors contribute is subtracted.
    """
    shared = []
    for money, predicted, spreads in zip(actual, value, own, strict=True):
        if money.sum() <= 0:
            continue
        shop_error = np.log(money.sum() / predicted.sum())
        place = np.argsort(np.argsort(-predicted, kind="stable")) / len(predicted)
        group = np.searchsorted(GROUPS, place, side="right")
        for rows in (group == number for number in range(len(GROUPS) + 1)):
            if rows.any() and money[rows].sum() > 0:
                error = np.log(money[rows].sum() / predicted[rows].sum()) - shop_error
                shared.append(error**2 - np.log1p((spreads[rows] ** 2).sum() / predicted[rows].sum() ** 2))
    return float(np.sqrt(max(np.mean(shared), 0))) if shared else 0.0


def bounds(value: Array, own: Array, shared: float) -> tuple[float, float]:
    """Returns the 80 % interval of the sum of some customers' revenue, computed as the dbt macro `sum_distance` does.

    value, own: each customer's prediction and own standard deviation, shape (n,). shared: the standard deviation of the
    shared error, in logs.
    """
    total = float(value.sum())
    variance = float(np.log1p((own**2).sum() / total**2)) if total > 0 else 0.0
    width = norm.ppf(WITHIN) * np.sqrt(shared**2 + variance)
    return total * float(np.exp(-width - variance / 2)), total * float(np.exp(width - variance / 2))


def independent(days: Iterable[date], window_days: int) -> float:
    """Returns how many independent windows the windows from these days are worth; overlapping windows share
    information."""
    days = list(days)
    return 1 + (max(days) - min(days)).days / window_days if days else 0.0
