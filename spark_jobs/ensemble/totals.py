"""How far a total may be off: what all customers share of the error, and what the customers of a group do.

Customers miss together, through the level, and those of a kind a little more: a sum's interval is far narrower than the
sum of their intervals, and no narrower than what they share. Errors are normal in logs, standard deviations theirs:
that of the shop's total is replayed at closed origins, that of groups taken from the held-back ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import numpy as np
from scipy.stats import norm, t

from spark_jobs.ensemble.level import LATEST_RESIDUALS, Daily, Residual, log_level, told_by
from spark_jobs.features.columns import Array

UNMEASURED = 0.3  # standard deviation, in logs, where no window has closed: the most that residuals may move a level
POOLED = 2.0  # windows of all lengths together that a length's own are weighed against
GROUPS = (0.05, 0.25, 0.5)  # shares of the customers by predicted value, the highest first, that groups end at
WITHIN = 0.9  # the share below the upper end of an interval that holds four in five


def level_errors(
    daily: Daily, totals: Mapping[date, tuple[float, float]], window_days: int, residuals: Sequence[Residual]
) -> dict[date, float]:
    """log of the actual over the predicted total at the latest closed origins, each predicted from what was known then.

    totals: money of all customers over the window, actual and expected by the anchor, per origin. Origins by which no
    window had closed tell nothing of today's error, since their level rested on less; they count where there are no
    others.
    """
    errors = {
        day: float(np.log(actual / expected)) - log_level(daily, day, window_days, residuals)
        for day, (actual, expected) in sorted(totals.items())
        if actual > 0 and expected > 0
    }
    windows = told_by(window_days, {found.window_days for found in residuals})
    ends = [found.window_end for found in residuals if found.window_days in windows]
    informed = {day: error for day, error in errors.items() if any(end <= day for end in ends)} or errors
    return dict(list(informed.items())[-LATEST_RESIDUALS:])


def spread(errors: Iterable[float], independent: float) -> float:
    """The standard deviation, in logs, of a normal error whose central four fifths are those that the errors bear out.

    errors: of closed origins, around 0. independent: how many windows they amount to, since overlapping ones tell the
    same twice; few of them widen it, as Student's t has it. UNMEASURED without any.
    """
    found = np.array(list(errors))
    return _widened(float(np.mean(found**2)), independent) if len(found) else UNMEASURED


def pooled_spreads(errors: Mapping[int, Mapping[date, float]], unmeasured: float = UNMEASURED) -> dict[int, float]:
    """`spread` of each window length (days), from the errors of its own origins and, with the weight of POOLED windows,
    from those of all lengths: a length that few windows have closed of borrows from the others, and what chance makes
    of it does not leave a longer horizon surer than a shorter one.

    A length without errors has what the others have; `unmeasured` where no length has any.
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
    """The spread of a mean square error that rests on so many independent windows."""
    return float(np.sqrt(square) * t.ppf(WITHIN, max(windows, 1.0)) / norm.ppf(WITHIN))


def group_spread(actual: Sequence[Array], value: Sequence[Array], own: Sequence[Array]) -> float:
    """The standard deviation, in logs, of what the customers of a group share beyond the shop's own error.

    actual, value, own: per held-back origin the actual money, its prediction, and the spread of each customer's own,
    shape (n,). Groups are those of GROUPS; what the own spreads bring about by themselves is taken off.
    """
    shared = []
    for money, predicted, spreads in zip(actual, value, own, strict=True):
        if money.sum() <= 0:
            continue
        missed = np.log(money.sum() / predicted.sum())
        place = np.argsort(np.argsort(-predicted, kind="stable")) / len(predicted)
        group = np.searchsorted(GROUPS, place, side="right")
        for rows in (group == number for number in range(len(GROUPS) + 1)):
            if rows.any() and money[rows].sum() > 0:
                error = np.log(money[rows].sum() / predicted[rows].sum()) - missed
                shared.append(error**2 - np.log1p((spreads[rows] ** 2).sum() / predicted[rows].sum() ** 2))
    return float(np.sqrt(max(np.mean(shared), 0))) if shared else 0.0


def bounds(value: Array, own: Array, shared: float) -> tuple[float, float]:
    """The interval that holds the sum of some customers' money in four cases of five; that of the macro `sum_bound`.

    value, own: each customer's predicted money and own spread, shape (n,). shared: standard deviation, in logs, of what
    they share.
    """
    total = float(value.sum())
    variance = float(np.log1p((own**2).sum() / total**2)) if total > 0 else 0.0
    width = norm.ppf(WITHIN) * np.sqrt(shared**2 + variance)
    return total * float(np.exp(-width - variance / 2)), total * float(np.exp(width - variance / 2))


def independent(days: Iterable[date], window_days: int) -> float:
    """How many windows of their own the windows from these days amount to: those that overlap share what they tell."""
    days = list(days)
    return 1 + (max(days) - min(days)).days / window_days if days else 0.0
