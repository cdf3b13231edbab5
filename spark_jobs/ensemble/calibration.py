"""The season of a shop's revenue, its closures, and how the calibration of the total changes customers.

The calibration of the total is the factor between a shop's total within a window and the anchor's expected total; its
logarithm is estimated by `level`. Days are integers; arrays of revenue per day run from the shop's first day to the day
before the origin.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from scipy.ndimage import maximum_filter1d

from spark_jobs.features.columns import YEAR, Array

# Share of the last 90 days' seasonal deviation that is subtracted, because the anchor already contains it in customers'
# own rates.
RECENT_SHARE = 0.3
TILT = 0.3  # strength with which the calibration changes occasional customers more than heavy ones
LARGEST_TILT = 0.7  # log of about twice the mean: customers above it are all changed alike
LARGEST_SEASON = 1.0  # bound of the season's effect, in logs
BUYERS_FOLLOW = 0.7  # change of the number of buyers per change of revenue by the season, both in logs
LARGEST_GROWTH = 1.0  # bound of the year-on-year growth, in logs
LEAST_OVERLAP = 7  # days of history beyond a year from which growth can be measured
# Days for which a customer counts as new; if a shop's revenue comes only from older customers, its cohort is closed.
DAYS_NEW = 90
EXTREME_DAY = 5.0  # cap on a day's revenue, as a multiple of the median of days with revenue
SAME_TIME = 7  # days around the same day of another year in which an extreme day may come again
LEAST_CLOSURE = 28  # least days without revenue that are a closure
# A closure is more than so many times as long as the longest usual gap between days with revenue.
UNUSUAL_GAP = 4.0
ENOUGH_DAYS = 30  # days with revenue from which usual gaps are known
REOPENED = 180  # days for which a closure makes customers seem inactive, so that the anchor cannot be trusted


@dataclass(frozen=True)
class Daily:
    """A shop's revenue per day from `first` on, shape (days,), in all and from customers in their first DAYS_NEW
    days."""

    first: date
    money: Array
    new: Array

    def raw(self, day: date) -> tuple[Array, Array]:
        """Returns both arrays up to the day before `day`, at least 0."""
        n = max((day - self.first).days, 0)
        money, new = np.zeros((2, n))
        money[: min(n, len(self.money))] = np.maximum(self.money[:n], 0)
        new[: min(n, len(self.new))] = np.maximum(self.new[:n], 0)
        return money, new

    def before(self, day: date) -> tuple[Array, Array]:
        """Returns both arrays up to the day before `day`, without what does not come again: total revenue of a day is
        capped (see `capped`), and days of a closure have the mean of the open days of the year before it."""
        money, new = self.raw(day)
        money = capped(money)
        is_open = open_days(money)
        for start, end in _runs(~is_open):
            year = slice(max(start - YEAR, 0), start)
            for values in (money, new):
                values[start:end] = values[year][is_open[year]].mean()
        return money, new


def capped(money: Array) -> Array:
    """Caps each day's revenue at EXTREME_DAY medians of days with revenue or, if that is more, at the largest day
    around the same day of the year before or after: a peak that comes every year is a season."""
    usual = money[money > 0]
    if not len(usual):
        return money
    limit = np.full(len(money), EXTREME_DAY * np.median(usual))
    if len(money) > YEAR:
        around = maximum_filter1d(money, 2 * SAME_TIME + 1, mode="constant")
        limit[YEAR:] = np.maximum(limit[YEAR:], around[:-YEAR])
        limit[:-YEAR] = np.maximum(limit[:-YEAR], around[YEAR:])
    return np.minimum(money, limit)


def open_days(money: Array) -> Array:
    """Returns on which days the shop was open, as booleans. It was closed between two days with revenue, or since the
    last one, if this gap is at least LEAST_CLOSURE days long and unusual for the shop. A gap that comes every year is a
    season."""
    is_open = np.ones(len(money), bool)
    traded = np.flatnonzero(money > 0)
    if len(traded) < ENOUGH_DAYS:
        return is_open
    least = max(LEAST_CLOSURE, UNUSUAL_GAP * _longest_usual_gap(traded))
    following = np.append(traded[1:], len(money))
    for gap in np.flatnonzero(following - traded > least):
        is_open[traded[gap] + 1 : following[gap]] = False
    silent = ~is_open
    for start, end in _runs(silent):
        years = [days for days in (-YEAR, YEAR) if start + days >= 0 and end + days <= len(money)]
        if any(silent[start + days : end + days].mean() > 0.5 for days in years):
            is_open[start:end] = True
    return is_open


def ends_in_silence(money: Array) -> bool:
    """Whether the last day with revenue lies further back than is usual, so that the shop may have closed."""
    traded = np.flatnonzero(money > 0)
    return len(traded) >= ENOUGH_DAYS and len(money) - traded[-1] > _longest_usual_gap(traded)


def days_closed(is_open: Array) -> int:
    """Returns for how many of the last REOPENED days the shop was closed, if it is open again, else 0."""
    return int((~is_open[-REOPENED:]).sum()) if len(is_open) and is_open[-1] else 0


def _longest_usual_gap(traded: Array) -> float:
    """Returns the days from one day with revenue to the next that 95 % of gaps do not exceed."""
    return float(np.quantile(np.diff(traded), 0.95))


def _runs(where: Array) -> list[tuple[int, int]]:
    """Returns the start and end of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], where, [False]]).astype(int)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def season(money: Array, new: Array, horizon_days: int) -> tuple[float, float]:
    """Returns (S, g): the log of the season's factor for the coming window relative to the last year, and the
    confidence in it from 0 to 1.

    money, new: per day before the origin, as `Daily.before` returns them. S compares the same window of last year with
    the last 365 days. Growth is removed, where more than a year of history lets it be measured, and so is the part that
    the anchor has learned from the last 90 days. g is 0 without a year of history, small for launches, and reaches 1 at
    a year and 90 days, for closed cohorts at two years.
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
    # A closed cohort has no new customers, and its decline is not a season. A second year shows the decline, unless it
    # is faster than growth can be.
    share = new[-180:].sum() / max(money[-180:].sum(), 1e-9)
    decline_known = min(1.0, (n - YEAR) / YEAR) if abs(grown) < LARGEST_GROWTH else 0.0
    confidence *= max(float(np.clip((share - 0.01) / 0.04, 0, 1)), decline_known)
    return float(np.clip(s, -LARGEST_SEASON, LARGEST_SEASON)), confidence


def growth(money: Array) -> float:
    """Returns the log of year-on-year growth: revenue of the days whose day one year earlier has data, over the revenue
    one year earlier. Returns 0 with fewer than LEAST_OVERLAP such days; below 30 days the result is reduced."""
    n = len(money)
    overlap = min(n - YEAR, YEAR)
    if overlap < LEAST_OVERLAP:
        return 0.0
    grown = _log_ratio(money[-overlap:].mean(), money[-overlap - YEAR : n - YEAR].mean())
    return float(np.clip(grown, -LARGEST_GROWTH, LARGEST_GROWTH)) * min(1.0, overlap / 30)


def tilted(log_relative: Array, calibration: float) -> Array:
    """Returns the log of relative predictions after the calibration, which changes occasional customers more than heavy
    ones."""
    return log_relative - TILT * calibration * np.clip(log_relative, -2.5, LARGEST_TILT)


def share_of_buyers(p: Array, buyers: float) -> float:
    """Returns the expected share of customers who will buy, from the anchor's probabilities and the log calibration of
    the number of buyers."""
    return float(np.clip(p.mean() * np.exp(buyers), 1e-4, 0.98))


def _log_ratio(a: float, b: float) -> float:
    return float(np.log(max(a, 1e-9) / max(b, 1e-9)))
