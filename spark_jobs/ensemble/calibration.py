"""Calibration of the total: the factor between a shop's total within a window and the anchor's expected total.

The factor is estimated from the season, seen in the same window of the year before, and from the anchor's residuals on
closed windows. Each estimate is bounded and weighted by how well the shop's history supports it. A launch, a closed
cohort, or a shop with only a few months of orders therefore stays near the anchor. Days are integers; arrays of revenue
per day run from the shop's first day to the day before the origin.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from spark_jobs.features.columns import YEAR, Array

# Share of the last 90 days' seasonal deviation that is subtracted, because the anchor already contains it in customers'
# own rates.
RECENT_SHARE = 0.3
TILT = 0.3  # strength with which the calibration changes occasional customers more than heavy ones
LARGEST_TILT = 0.7  # log of about twice the mean: customers above it are all changed alike
LARGEST_SEASON = 0.7  # bound of the season's effect, in logs
LARGEST_RESIDUAL = 0.3  # bound of the residuals' effect, in logs
# Confidence from which the season counts as known; then only residuals of origins with a known season count.
KNOWN = 0.25
# Days of horizon over which the effect of residuals halves, with the season known (True) or not.
RESIDUAL_HALVES = {True: 100, False: 200}
RESIDUAL_AGE = 60  # age in days of a closed window at which its weight has halved
LATEST_RESIDUALS = 12  # number of latest residuals of each window length that count
HALF_WINDOWS_FROM = 120  # days of horizon from which residuals of windows of about half its length count too
BUYERS_FOLLOW = 0.7  # change of the number of buyers per change of revenue, both in logs
BUYER_TOLERANCE = 0.1  # residuals of buyers up to this size, in logs, are treated as chance
LARGEST_BUYER_RESIDUAL = 0.5  # bound of the effect of the residuals of buyers, in logs
LEAST_OVERLAP = 7  # days of history beyond a year from which growth can be measured
# Days for which a customer counts as new; if a shop's revenue comes only from older customers, its cohort is closed.
DAYS_NEW = 90
EXTREME_DAY = 5.0  # cap on a day's revenue, as a multiple of the median of days with revenue


@dataclass(frozen=True)
class Residual:
    """The anchor's residual in a closed window: the log of actual over expected revenue, minus the season's effect.

    seasonal: whether the season was known at the origin. buyers: the log of actual over expected buyers, minus the part
    that follows from the revenue.
    """

    window_days: int
    window_end: date
    value: float
    seasonal: bool
    buyers: float = 0.0


@dataclass(frozen=True)
class Daily:
    """A shop's revenue per day from `first` on, shape (days,), in all and from customers in their first DAYS_NEW
    days."""

    first: date
    money: Array
    new: Array

    def before(self, day: date) -> tuple[Array, Array]:
        """Returns both arrays up to the day before `day`. Revenue of a day is at least 0; total revenue is capped at
        EXTREME_DAY medians."""
        n = max((day - self.first).days, 0)
        money = np.zeros(n)
        money[: min(n, len(self.money))] = np.maximum(self.money[:n], 0)
        new = np.zeros(n)
        new[: min(n, len(self.new))] = np.maximum(self.new[:n], 0)
        usual = money[money > 0]
        return (np.minimum(money, EXTREME_DAY * np.median(usual)) if len(usual) else money), new


def season(money: Array, new: Array, horizon_days: int) -> tuple[float, float]:
    """Returns (S, g): the log of the season's factor for the coming window relative to the last year, and the
    confidence in it from 0 to 1.

    money, new: per day before the origin, as `Daily.before` returns them. S compares the same window of last year with
    the last 365 days. Growth is removed, where more than a year of history lets it be measured, and so is the part that
    the anchor has learned from the last 90 days. g is 0 without a year of history and for closed cohorts, small for
    launches, and reaches 1 at a year and 90 days.
    """
    n = len(money)
    if n < YEAR + 1 or money[-YEAR:].sum() <= 0:
        return 0.0, 0.0
    horizon_days = min(horizon_days, YEAR)
    year = money[-YEAR:].mean()
    s = _log_ratio(money[n - YEAR : n - YEAR + horizon_days].mean(), year)
    grown = growth(money)
    # Last year's window lies before the middle of the year that it is compared with.
    s += grown * (YEAR - horizon_days) / 2 / YEAR
    recent = _log_ratio(money[-90:].mean(), year) - grown * (YEAR - 90) / 2 / YEAR
    s -= RECENT_SHARE * float(np.clip(recent, -LARGEST_SEASON, LARGEST_SEASON))
    confidence = 0.75 + 0.25 * min(1.0, (n - YEAR) / 90) if n - YEAR >= LEAST_OVERLAP else 0.5
    if n < YEAR + 180:
        # A launch grows from its first month, and this growth can be mistaken for a season.
        opening = money[:28].mean() / max(money[28:112].mean(), 1e-9)
        confidence *= float(np.clip((opening - 0.4) / 0.4, 0, 1))
    # Days on which the shop was closed, or for which data are missing, are not a season.
    traded = (money[n - YEAR : n - YEAR + horizon_days] > 0).mean() / (money[-YEAR:] > 0).mean()
    confidence *= float(np.clip((traded - 0.25) / 0.25, 0, 1))
    # A closed cohort has no new customers, and its decline is not a season.
    share = new[-180:].sum() / max(money[-180:].sum(), 1e-9)
    confidence *= float(np.clip((share - 0.01) / 0.04, 0, 1))
    return float(np.clip(s, -LARGEST_SEASON, LARGEST_SEASON)), confidence


def growth(money: Array) -> float:
    """Returns the log of year-on-year growth: revenue of the days whose day one year earlier has data, over the revenue
    one year earlier. Returns 0 with fewer than LEAST_OVERLAP such days; below 30 days the result is reduced."""
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
    """Computes the residual of a closed window. money, buyers: (actual, expected) over all customers, each above 0."""
    s, confidence = season(*daily.before(origin), window_days)
    log_error = float(np.log(money[0] / money[1]))
    beyond = float(np.log(buyers[0] / buyers[1])) - BUYERS_FOLLOW * log_error
    return Residual(window_days, window_end, log_error - confidence * s, confidence >= KNOWN, beyond)


def log_calibration(daily: Daily, origin: date, horizon_days: int, residuals: Sequence[Residual]) -> float:
    """Returns the log of the predicted total revenue over the anchor's expectation, from what was known at the origin.
    Its absolute value is at most 1."""
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


def log_buyers(origin: date, horizon_days: int, residuals: Sequence[Residual]) -> float:
    """Returns the log of the predicted number of buyers over the number that follows from the anchor and the
    calibration, from what was known at the origin.

    This is the mean residual of buyers on closed windows, beyond a tolerance. It corrects an error of the anchor that
    recurs at every date: where customers stay away for most of a year, the anchor attributes a season's orders to too
    many customers.
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
    """Returns the windows whose residuals count for a horizon: its own, and for long horizons the one nearest to half
    of it."""
    own = [horizon_days] if horizon_days in windows else []
    shorter = [w for w in windows if w < horizon_days]
    if horizon_days < HALF_WINDOWS_FROM or not shorter:
        return own
    return [*own, min(shorter, key=lambda w: (abs(w - horizon_days / 2), w))]


def tilted(log_relative: Array, calibration: float) -> Array:
    """Returns the log of relative predictions after the calibration, which changes occasional customers more than heavy
    ones."""
    return log_relative - TILT * calibration * np.clip(log_relative, -2.5, LARGEST_TILT)


def share_of_buyers(p: Array, calibration: float, buyer_residual: float = 0.0) -> float:
    """Returns the expected share of customers who will buy, from the anchor's probabilities, the log calibration, and
    the residual of buyers (`buyer_residual`)."""
    return float(np.clip(p.mean() * np.exp(BUYERS_FOLLOW * calibration + buyer_residual), 1e-4, 0.98))


def _latest(residuals: Sequence[Residual], window: int, origin: date, seasonal: bool) -> list[Residual]:
    """Returns the latest residuals of a window. seasonal: whether only residuals of origins with a known season
    count."""
    known = [
        found
        for found in residuals
        if found.window_days == window and found.window_end <= origin and (found.seasonal or not seasonal)
    ]
    return sorted(known, key=lambda found: found.window_end)[-LATEST_RESIDUALS:]


def _decayed(values: Sequence[float], relevant: Sequence[Residual], origin: date) -> float:
    """Returns the weighted mean of one value per residual. The weight halves every RESIDUAL_AGE days since the window's
    end."""
    weights = np.array([0.5 ** ((origin - found.window_end).days / RESIDUAL_AGE) for found in relevant])
    return float(weights @ np.array(values) / weights.sum())


def _log_ratio(a: float, b: float) -> float:
    return float(np.log(max(a, 1e-9) / max(b, 1e-9)))
