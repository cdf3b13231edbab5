"""The level: how much a shop's customers bring in all over a window, against what the anchor expects of them.

Two things move it: the season, read off last year's same window, and what the anchor missed at closed origins. Each
is bounded and believed only as far as the shop's history bears it out, so that a launch, a closed cohort or a shop
with a few months of orders stays near the anchor. Days are counted as integers; money per day has the shop's first
day first and the day before the origin last.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from scipy.special import expit

from spark_jobs.features.columns import YEAR, Array

TAKEN_BACK = 0.3  # share of the last 90 days' season that the anchor has taken for customers' own rates
TILT = 0.3  # how much more occasional customers follow the level than heavy ones do
LARGEST_TILT = 0.7  # log of twice the mean: above it customers move alike
LARGEST_SEASON = 0.7  # in logs
LARGEST_RESIDUAL = 0.3  # in logs
KNOWN = 0.25  # belief from which the season counts as known, and only residuals of origins that knew it tell
RESIDUAL_HALVES = {True: 100, False: 200}  # days of horizon that halve a residual's say, with the season known or not
RESIDUAL_AGE = 60  # days after which a closed window tells half as much
LATEST_RESIDUALS = 12  # per window
HALF_WINDOWS_FROM = 120  # days of horizon from which windows of half its length tell of the level too
BUYERS_FOLLOW = 0.7  # of a move of money, in logs
FORGIVEN = 0.1  # in logs, of what the anchor missed in buyers beyond money: as much comes and goes by chance
LARGEST_MISS = 0.5  # in logs, of the same
LEAST_OVERLAP = 7  # days beyond a year from which growth can be told
DAYS_NEW = 90  # of a customer whose spend does not count as that of a closed cohort
EXTREME_DAY = 5.0  # times the median of days with money: more is cut off


@dataclass(frozen=True)
class Residual:
    """What the anchor missed at a closed origin: log of actual over expected money, less the season's share; and of
    buyers, less what follows from money."""

    window_days: int
    window_end: date
    value: float
    seasonal: bool
    buyers: float = 0.0


@dataclass(frozen=True)
class Daily:
    """A shop's money per day from `first` on, shape (days,), and the part of it from customers in their first
    DAYS_NEW days."""

    first: date
    money: Array
    new: Array

    def before(self, day: date) -> tuple[Array, Array]:
        """Both until the day before, a day's money never negative nor above EXTREME_DAY medians."""
        n = max((day - self.first).days, 0)
        money = np.zeros(n)
        money[: min(n, len(self.money))] = np.maximum(self.money[:n], 0)
        new = np.zeros(n)
        new[: min(n, len(self.new))] = np.maximum(self.new[:n], 0)
        usual = money[money > 0]
        return (np.minimum(money, EXTREME_DAY * np.median(usual)) if len(usual) else money), new


def season(money: Array, new: Array, horizon_days: int) -> tuple[float, float]:
    """(S, g): log of what the season makes of the coming window against the last year, and how far to believe it.

    money, new: per day before the origin, as `Daily.before` gives them. S compares last year's same window with the
    last 365 days, less growth where more than a year overlaps, less what the anchor has already taken in of the last
    90 days. g is 0 without a year of history and for closed cohorts, small for launches, 1 from 90 days beyond a year.
    """
    n = len(money)
    if n < YEAR + 1 or money[-YEAR:].sum() <= 0:
        return 0.0, 0.0
    horizon_days = min(horizon_days, YEAR)
    year = money[-YEAR:].mean()
    s = _log_ratio(money[n - YEAR : n - YEAR + horizon_days].mean(), year)
    grown = growth(money)
    s += grown * (YEAR - horizon_days) / 2 / YEAR  # last year's window lies earlier than the middle of that year
    recent = _log_ratio(money[-90:].mean(), year) - grown * (YEAR - 90) / 2 / YEAR
    s -= TAKEN_BACK * float(np.clip(recent, -LARGEST_SEASON, LARGEST_SEASON))
    believed = 0.75 + 0.25 * min(1.0, (n - YEAR) / 90) if n - YEAR >= LEAST_OVERLAP else 0.5
    if n < YEAR + 180:
        # A launch climbs from its first month: what looks like a season is its growth.
        opening = money[:28].mean() / max(money[28:112].mean(), 1e-9)
        believed *= float(np.clip((opening - 0.4) / 0.4, 0, 1))
    # Days on which the shop was closed, or whose orders are missing, are no season.
    traded = (money[n - YEAR : n - YEAR + horizon_days] > 0).mean() / (money[-YEAR:] > 0).mean()
    believed *= float(np.clip((traded - 0.25) / 0.25, 0, 1))
    # A closed cohort has no new customers: its decline is no season.
    share = new[-180:].sum() / max(money[-180:].sum(), 1e-9)
    believed *= float(np.clip((share - 0.01) / 0.04, 0, 1))
    return float(np.clip(s, -LARGEST_SEASON, LARGEST_SEASON)), believed


def growth(money: Array) -> float:
    """log of the money of the days that two years have in common over that of the year before; 0 where these are
    fewer than LEAST_OVERLAP, and nearer to it below 30."""
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
    """What a closed window tells; money and buyers: of all customers, actual and expected, each above 0."""
    s, believed = season(*daily.before(origin), window_days)
    missed = float(np.log(money[0] / money[1]))
    beyond = float(np.log(buyers[0] / buyers[1])) - BUYERS_FOLLOW * missed
    return Residual(window_days, window_end, missed - believed * s, believed >= KNOWN, beyond)


def log_level(daily: Daily, origin: date, horizon_days: int, residuals: Sequence[Residual]) -> float:
    """log of the money to come over what the anchor expects, from what was known at the origin; at most 1 in size."""
    s, believed = season(*daily.before(origin), horizon_days)
    told = [
        kept
        for window in told_by(horizon_days, {found.window_days for found in residuals})
        for kept in _latest(residuals, window, origin, believed >= KNOWN)
    ]
    if not told:
        return believed * s
    mean = _decayed([found.value for found in told], told, origin)
    share = 0.5 ** (horizon_days / RESIDUAL_HALVES[believed >= KNOWN])
    return believed * s + float(np.clip(share * mean, -LARGEST_RESIDUAL, LARGEST_RESIDUAL))


def buyers_missed(origin: date, horizon_days: int, residuals: Sequence[Residual]) -> float:
    """log of the buyers to come over those whom the anchor and the level expect, from what was known at the origin.

    The mean of closed windows beyond FORGIVEN: where buyers keep away for most of a year, the anchor takes a season's
    orders for more customers than they come from, at each date anew.
    """
    told = [
        kept
        for window in told_by(horizon_days, {found.window_days for found in residuals})
        for kept in _latest(residuals, window, origin, False)
    ]
    if not told:
        return 0.0
    mean = _decayed([found.buyers for found in told], told, origin)
    return float(np.sign(mean) * np.clip(abs(mean) - FORGIVEN, 0, LARGEST_MISS))


def told_by(horizon_days: int, windows: Iterable[int]) -> list[int]:
    """The windows whose residuals tell of a horizon: its own, and for long ones that next to half of it."""
    own = [horizon_days] if horizon_days in windows else []
    shorter = [w for w in windows if w < horizon_days]
    if horizon_days < HALF_WINDOWS_FROM or not shorter:
        return own
    return [*own, min(shorter, key=lambda w: (abs(w - horizon_days / 2), w))]


def tilted(log_shape: Array, level: float) -> Array:
    """log of a shape (relative to its mean) after the level: occasional customers follow it more than heavy ones."""
    return log_shape - TILT * level * np.clip(log_shape, -2.5, LARGEST_TILT)


def shift_to(log_odds: Array, share: float) -> float:
    """The constant that brings the mean chance of these log-odds to `share`, within 8 either way."""
    low, high = -8.0, 8.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if expit(log_odds + middle).mean() > share else (middle, high)
    return (low + high) / 2


def shifted(log_odds: Array, share: float) -> Array:
    """Chances of mean `share`, in the order of the log-odds."""
    return expit(log_odds + shift_to(log_odds, share))


def share_of_buyers(p: Array, level: float, missed: float = 0.0) -> float:
    """The share of customers who will buy, from the anchor's chances, the level, and what it `missed` in buyers."""
    return float(np.clip(p.mean() * np.exp(BUYERS_FOLLOW * level + missed), 1e-4, 0.98))


def _latest(residuals: Sequence[Residual], window: int, origin: date, seasonal: bool) -> list[Residual]:
    """Where the season is known, only origins tell that knew it too."""
    known = [
        found
        for found in residuals
        if found.window_days == window and found.window_end <= origin and (found.seasonal or not seasonal)
    ]
    return sorted(known, key=lambda found: found.window_end)[-LATEST_RESIDUALS:]


def _decayed(values: Sequence[float], told: Sequence[Residual], origin: date) -> float:
    """The mean of closed windows' values, those of RESIDUAL_AGE days ago half as heavy."""
    weights = np.array([0.5 ** ((origin - found.window_end).days / RESIDUAL_AGE) for found in told])
    return float(weights @ np.array(values) / weights.sum())


def _log_ratio(a: float, b: float) -> float:
    return float(np.log(max(a, 1e-9) / max(b, 1e-9)))
