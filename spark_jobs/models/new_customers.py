"""Customers still to come: how many, what they will bring, and how far off both may be.

Where data begin, everybody looks new, and most shops win fewer customers later than at first; so a falling pace falls
on, by part of what it fell, and a rising one stays. The season is last year's same window, as far as one year tells.
Errors are those of the same estimate at closed windows. Days are counted from the shop's first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from scipy.stats import norm

from spark_jobs.ensemble.calibration import LATEST_RESIDUALS
from spark_jobs.ensemble.totals import WITHIN, pooled_spreads
from spark_jobs.features.columns import YEAR, Array

FALLS_ON = 0.75  # of the trend between the last two years, or halves of a younger shop, where it falls
LARGEST_FALL = 3.0  # in logs
SEASON = 0.25  # weight of last year's same window, in logs
SEASON_AFTER = YEAR + 90  # days of history from which it counts: the first weeks hold customers of before
QUARTER = 90  # days between the windows that tell what newcomers bring
BETWEEN_ORIGINS = 30  # days
FEWEST_DAYS = 60  # of history before a closed window that counts
UNMEASURED = 0.7  # standard deviation, in logs, where no window has closed: as far off as the shops measured were


@dataclass(frozen=True)
class NewCustomers:
    """`counts`: customers with their first order on each day from `first` to the day before the date, shape (days,).
    `came`, `paid`, `money`: the day of the first order, the day of payment and the amount, shape (n,) each."""

    first: date
    counts: Array
    arrived: Array
    paid: Array
    money: Array

    def between(self, start: int, end: int) -> tuple[float, float]:
        """Customers who came in [start, end), and what these brought in it, never less than nothing."""
        rows = (self.arrived >= start) & (self.arrived < end) & (self.paid < end)
        return float(self.counts[max(start, 0) : end].sum()), max(float(self.money[rows].sum()), 0.0)


@dataclass(frozen=True)
class Expected:
    """Customers who will come within a horizon and the money that they will bring in it, each as estimate, lower and
    upper end of the interval that holds four in five."""

    customers: tuple[float, float, float]
    revenue: tuple[float, float, float]


def days_needed(longest: int) -> int:
    """Days before a date whose newcomers' money tells: the earliest window that an estimate over `longest` days is
    judged by, the year before it, and windows as long before that."""
    return 2 * longest + YEAR + BETWEEN_ORIGINS * LATEST_RESIDUALS


def expected(history: NewCustomers, horizons: Iterable[int]) -> dict[int, Expected]:
    """By horizon in days, shortest first, who is still to come after the days that are known. A longer horizon has no
    fewer customers and no less money, at estimate and both ends, and no narrower interval."""
    horizons, today = sorted(horizons), len(history.counts)
    spreads = [pooled_spreads(errors, UNMEASURED) for errors in _errors(history, horizons, today)]
    found: dict[int, Expected] = {}
    middle, low, below, above = np.zeros((4, 2))  # of customers and of money, of the horizon before
    for horizon in horizons:
        customers, value = estimate(history, today, horizon)
        ends = np.array([_interval(customers, spread[horizon]) for spread in spreads])
        ends[1] *= value
        middle = np.maximum(middle, ends[:, 0])
        below, above = np.maximum(below, ends[:, 0] - ends[:, 1]), np.maximum(above, ends[:, 2] - ends[:, 0])
        low = np.maximum(low, middle - below)
        found[horizon] = Expected(*(tuple(row) for row in np.array([middle, low, middle + above]).T.tolist()))
    return found


def estimate(history: NewCustomers, today: int, horizon: int) -> tuple[float, float]:
    """Customers who come within a horizon (days) from day `today`, and what each brings in it; from what is before."""
    width = min(YEAR, today // 2)
    if width == 0:
        return 0.0, 0.0
    late, early = history.between(today - width, today)[0], history.between(today - 2 * width, today - width)[0]
    fall = FALLS_ON * float(np.clip(np.log((late + 1) / (early + 1)), -LARGEST_FALL, 0)) / width  # a day
    days = np.expm1(fall * horizon) / fall if fall else horizon  # as many of the present pace
    customers = late / width * np.exp(fall * width / 2) * days
    if today >= SEASON_AFTER:
        same_days = min(horizon, YEAR)  # of more than a year there are none before the date
        last_year = history.between(today - YEAR, today - YEAR + same_days)[0] * horizon / same_days
        last_year *= np.exp(fall * YEAR)
        customers = (last_year + 1) ** SEASON * (customers + 1) ** (1 - SEASON) - 1
    return float(customers), _value(history, today, min(horizon, today // 2))


def _value(history: NewCustomers, today: int, width: int) -> float:
    """What a newcomer brings from the first order to the end of a window: of those a quarter apart in the last year."""
    ends = range(today, max(today - YEAR, width - 1), -QUARTER)
    found = [history.between(end - width, end) for end in ends]
    arrived = sum(customers for customers, _ in found)
    return sum(money for _, money in found) / arrived if arrived else 0.0


def _errors(history: NewCustomers, horizons: list[int], today: int) -> list[dict[int, dict[date, float]]]:
    """Of customers and of money, by horizon, the log of actual over estimate at the latest closed windows; one customer
    is added to both, since there may be none."""
    customers: dict[int, dict[date, float]] = {horizon: {} for horizon in horizons}
    money: dict[int, dict[date, float]] = {horizon: {} for horizon in horizons}
    for horizon in horizons:
        starts = [today - horizon - BETWEEN_ORIGINS * step for step in range(LATEST_RESIDUALS)]
        for start in (start for start in reversed(starts) if start >= FEWEST_DAYS):
            day = history.first + timedelta(days=start)
            estimated, value = estimate(history, start, horizon)
            arrived, revenue = history.between(start, start + horizon)
            customers[horizon][day] = float(np.log((arrived + 1) / (estimated + 1)))
            if value > 0:
                money[horizon][day] = float(np.log((revenue / value + 1) / (estimated + 1)))
    return [customers, money]


def _interval(customers: float, spread: float) -> tuple[float, float, float]:
    """The estimate and both ends: besides the error that was measured, customers come one by one, by chance."""
    width = norm.ppf(WITHIN) * np.sqrt(spread**2 + 1 / (customers + 1))
    low, high = ((customers + 1) * np.exp(sign * width) - 1 for sign in (-1, 1))
    return customers, max(float(low), 0.0), float(high)
