"""Calibration of the total: the factor between a shop's total within a window and the anchor's expected total.

It has two sources: the season, read from the same window of the year before, and the anchor's residuals on closed
origins. Each is bounded and weighted by how well the shop's history supports it, so that a launch, a closed cohort or a
shop with a few months of orders stays near the anchor. Days are integers; arrays of revenue per day go from the shop's
first day to the day before the origin.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from spark_jobs.features.columns import YEAR, Array

RECENT_SHARE = 0.3  # share of the last 90 days' season that the anchor already contains in customers' own rates
TILT = 0.3  # how much more the calibration changes occasional customers than heavy ones
LARGEST_TILT = 0.7  # log of twice the mean: customers above it change alike
LARGEST_SEASON = 0.7  # in logs
LARGEST_RESIDUAL = 0.3  # in logs
KNOWN = 0.25  # confidence from which the season counts as known; then only residuals of origins that knew it count
RESIDUAL_HALVES = {True: 100, False: 200}  # days of horizon that halve a residual, with the season known or not
RESIDUAL_AGE = 60  # days after which a closed window counts half
LATEST_RESIDUALS = 12  # per window
HALF_WINDOWS_FROM = 120  # days of horizon from which windows of half its length count too
BUYERS_FOLLOW = 0.7  # of a change of revenue, in logs
BUYER_TOLERANCE = 0.1  # in logs: residuals of buyers up to this size are chance
LARGEST_BUYER_RESIDUAL = 0.5  # in logs, of the same
LEAST_OVERLAP = 7  # days beyond a year from which growth can be measured
DAYS_NEW = 90  # a customer's first days; revenue after them may be that of a closed cohort
EXTREME_DAY = 5.0  # cap on a day's revenue, times the median of days with revenue


@dataclass(frozen=True)
class Residual:
    """The anchor's residual on a closed origin: log of actual over expected revenue, without the season's effect; and
    the same for buyers, without what follows from revenue."""

    window_days: int
    window_end: date
    value: float
    seasonal: bool
    buyers: float = 0.0


@dataclass(frozen=True)
class Daily:
    """A shop's revenue per day from `first` on, shape (days,), and the part of it from customers in their first
    DAYS_NEW days."""

    first: date
    money: Array
    new: Array

    def before(self, day: date) -> tuple[Array, Array]:
        """Both arrays until the day before; revenue of a day is at least 0 and at most EXTREME_DAY medians."""
        n = max((day - self.first).days, 0)
        money = np.zeros(n)
        money[: min(n, len(self.money))] = np.maximum(self.money[:n], 0)
        new = np.zeros(n)
        new[: min(n, len(self.new))] = np.maximum(self.new[:n], 0)
        usual = money[money > 0]
        return (np.minimum(money, EXTREME_DAY * np.median(usual)) if len(usual) else money), new


def season(money: Array, new: Array, horizon_days: int) -> tuple[float, float]:
    """(S, g): log of the season's factor for the coming window against the last year, and the confidence in it, 0 to 1.

    money, new: per day before the origin, as `Daily.before` gives them. S compares the same window of last year with
    the last 365 days, without growth (measured where more than a year overlaps), and without what the anchor has
    already learned from the last 90 days. g is 0 without a year of history and for closed cohorts, small for launches,
    and 1 from a year and 90 days on.
    """
    n = len(money)
    if n < YEAR + 1 or money[-YEAR:].sum() <= 0:
        return 0.0, 0.0
    horizon_days = min(horizon_days, YEAR)
    year = money[-YEAR:].mean()
    s = _log_ratio(money[n - YEAR : n - YEAR + horizon_days].mean(), year)
    grown = growth(money)
    s += grown * (YEAR - horizon_days) / 2 / YEAR  # last year's window lies before the middle of that year
    recent = _log_ratio(money[-90:].mean(), year) - grown * (YEAR - 90) / 2 / YEAR
    s -= RECENT_SHARE * float(np.clip(recent, -LARGEST_SEASON, LARGEST_SEASON))
    confidence = 0.75 + 0.25 * min(1.0, (n - YEAR) / 90) if n - YEAR >= LEAST_OVERLAP else 0.5
    if n < YEAR + 180:
        # A launch grows from its first month: its growth looks like a season.
        opening = money[:28].mean() / max(money[28:112].mean(), 1e-9)
        confidence *= float(np.clip((opening - 0.4) / 0.4, 0, 1))
    # Days on which the shop was closed, or without data, are no season.
    traded = (money[n - YEAR : n - YEAR + horizon_days] > 0).mean() / (money[-YEAR:] > 0).mean()
    confidence *= float(np.clip((traded - 0.25) / 0.25, 0, 1))
    # A closed cohort has no new customers: its decline is no season.
    share = new[-180:].sum() / max(money[-180:].sum(), 1e-9)
    confidence *= float(np.clip((share - 0.01) / 0.04, 0, 1))
    return float(np.clip(s, -LARGEST_SEASON, LARGEST_SEASON)), confidence


def growth(money: Array) -> float:
    """log of the revenue of days that have data a year before, over the revenue of that year; 0 with fewer than
    LEAST_OVERLAP days, and reduced below 30."""
    n = len(money)
    overlap = min(n - YEAR, YEAR)
    if overlap < LEAST_OVERLAP:
        return 0.0
    grown = _log_ratio(money[-overlap:].mean(), money[-overlap - YEAR : n - YEAR].mean())
    return float(np.clip(grown, -1, 1)) * min(1.0, overlap / 30)


def residual(
    daily: Daily,
    origin: date,
    window_days: int,
    window_end: date,
    money: tuple[float, float],
    buyers: tuple[float, float],
) -> Residual:
    """The residual of a closed window. money, buyers: of all customers, (actual, expected), each above 0."""
    s, confidence = season(*daily.before(origin), window_days)
    missed = float(np.log(money[0] / money[1]))
    beyond = float(np.log(buyers[0] / buyers[1])) - BUYERS_FOLLOW * missed
    return Residual(window_days, window_end, missed - confidence * s, confidence >= KNOWN, beyond)


def log_calibration(daily: Daily, origin: date, horizon_days: int, residuals: Sequence[Residual]) -> float:
    """log of the total revenue over the anchor's expectation, from what was known at the origin; at most 1 in size."""
    s, confidence = season(*daily.before(origin), horizon_days)
    relevant = [
        kept
        for window in relevant_windows(horizon_days, {found.window_days for found in residuals})
        for kept in _latest(residuals, window, origin, confidence >= KNOWN)
    ]
    if not relevant:
        return confidence * s
    mean = _decayed([found.value for found in relevant], relevant, origin)
    share = 0.5 ** (horizon_days / RESIDUAL_HALVES[confidence >= KNOWN])
    return confidence * s + float(np.clip(share * mean, -LARGEST_RESIDUAL, LARGEST_RESIDUAL))


def buyers_missed(origin: date, horizon_days: int, residuals: Sequence[Residual]) -> float:
    """log of the number of buyers over the number that anchor and calibration expect, from what was known at the
    origin.

    The mean residual of closed windows beyond a tolerance. It corrects an error of the anchor that recurs at each date:
    where customers stay away for most of a year, the anchor takes a season's orders for those of more customers.
    """
    relevant = [
        kept
        for window in relevant_windows(horizon_days, {found.window_days for found in residuals})
        for kept in _latest(residuals, window, origin, False)
    ]
    if not relevant:
        return 0.0
    mean = _decayed([found.buyers for found in relevant], relevant, origin)
    return float(np.sign(mean) * np.clip(abs(mean) - BUYER_TOLERANCE, 0, LARGEST_BUYER_RESIDUAL))


def relevant_windows(horizon_days: int, windows: Iterable[int]) -> list[int]:
    """The windows whose residuals count for a horizon: its own, and for long horizons the one nearest to half of it."""
    own = [horizon_days] if horizon_days in windows else []
    shorter = [w for w in windows if w < horizon_days]
    if horizon_days < HALF_WINDOWS_FROM or not shorter:
        return own
    return [*own, min(shorter, key=lambda w: (abs(w - horizon_days / 2), w))]


def tilted(log_relative: Array, calibration: float) -> Array:
    """log of relative predictions after the calibration, which changes occasional customers more than heavy ones."""
    return log_relative - TILT * calibration * np.clip(log_relative, -2.5, LARGEST_TILT)


def share_of_buyers(p: Array, calibration: float, missed: float = 0.0) -> float:
    """The share of customers who will buy, from the anchor's probabilities, the calibration, and the residual of buyers
    (`missed`)."""
    return float(np.clip(p.mean() * np.exp(BUYERS_FOLLOW * calibration + missed), 1e-4, 0.98))


def _latest(residuals: Sequence[Residual], window: int, origin: date, seasonal: bool) -> list[Residual]:
    """The latest residuals of a window. If the season is known, only those of origins that knew it count."""
    known = [
        found
        for found in residuals
        if found.window_days == window and found.window_end <= origin and (found.seasonal or not seasonal)
    ]
    return sorted(known, key=lambda found: found.window_end)[-LATEST_RESIDUALS:]


def _decayed(values: Sequence[float], relevant: Sequence[Residual], origin: date) -> float:
    """The weighted mean of values of closed windows; the weight halves every RESIDUAL_AGE days."""
    weights = np.array([0.5 ** ((origin - found.window_end).days / RESIDUAL_AGE) for found in relevant])
    return float(weights @ np.array(values) / weights.sum())


def _log_ratio(a: float, b: float) -> float:
    return float(np.log(max(a, 1e-9) / max(b, 1e-9)))
