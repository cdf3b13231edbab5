"""Estimates the customers whom the shop will still gain: their number, their revenue, and intervals for both.

At the beginning of the data every customer looks new, and most shops gain fewer customers later than at first. A
falling trend is therefore continued in part, and a rising one is not. Seasonality is taken from the same window of last
year, with a small weight, because one year says little. Intervals come from the errors of the same estimate at closed
windows. Days are counted from the shop's first day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from scipy.stats import norm

from spark_jobs.ensemble.totals import LATEST, WITHIN, pooled_spreads
from spark_jobs.features.columns import YEAR, Array

# Share of a falling trend that is continued; the trend compares the last two years, or the halves of a shorter history.
FALL_CONTINUED = 0.75
LARGEST_FALL = 3.0  # bound of the fall between the two years or halves, in logs
SEASON = 0.25  # weight of the same window of last year, in logs
# Days of history from which last year's window is used; the shop's first weeks include customers from before the data.
SEASON_AFTER = YEAR + 90
QUARTER = 90  # days between the windows from which a new customer's revenue is estimated
BETWEEN_ORIGINS = 30  # days between the windows from which errors are measured
FEWEST_DAYS = 60  # least days of history before a closed window from which an error is measured
UNMEASURED = 0.7  # standard deviation of the errors in logs where no window has closed; the measured shops had as much


@dataclass(frozen=True)
class NewCustomers:
    """The history of a shop's new customers.

    counts: the number of customers with their first order on each day, from `first` to the day before the date, shape
    (days,). arrived, paid, money: for each pair of such days, the day of the first order, the day of the revenue, and
    the revenue, shape (n,) each.
    """

    first: date
    counts: Array
    arrived: Array
    paid: Array
    money: Array

    def between(self, start: int, end: int) -> tuple[float, float]:
        """Returns the customers who arrived in [start, end), and their revenue in it, at least 0."""
        rows = (self.arrived >= start) & (self.arrived < end) & (self.paid < end)
        return float(self.counts[max(start, 0) : end].sum()), max(float(self.money[rows].sum()), 0.0)


@dataclass(frozen=True)
class Expected:
    """The customers who will arrive within a horizon and their revenue in it: for each, the estimate and the lower and
    upper end of the 80 % interval."""

    customers: tuple[float, float, float]
    revenue: tuple[float, float, float]


def days_needed(longest: int) -> int:
    """Returns the number of days before a date from which new customers' revenue is read: enough for the earliest
    window that an estimate over `longest` days is judged by, the year before it, and windows of the same length before
    that."""
    return 2 * longest + YEAR + BETWEEN_ORIGINS * LATEST


def expected(history: NewCustomers, horizons: Iterable[int]) -> dict[int, Expected]:
    """Estimates the new customers of each horizon (days), shortest first.

    A longer horizon has no fewer customers and no less revenue than a shorter one, in the estimate and at both ends,
    and its interval is no narrower.
    """
    horizons, today = sorted(horizons), len(history.counts)
    spreads = [pooled_spreads(errors, UNMEASURED) for errors in _errors(history, horizons, today)]
    found: dict[int, Expected] = {}
    middle, low, below, above = np.zeros((4, 2))  # of customers and of revenue, for the previous horizon
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
    """Estimates the customers who arrive within a horizon (days) from day `today`, and the revenue of each in it. Uses
    only what was known before `today`."""
    width = min(YEAR, today // 2)
    if width == 0:
        return 0.0, 0.0
    late, early = history.between(today - width, today)[0], history.between(today - 2 * width, today - width)[0]
    fall = FALL_CONTINUED * float(np.clip(np.log((late + 1) / (early + 1)), -LARGEST_FALL, 0)) / width  # per day
    # As many customers arrive in so many days at the present rate.
    days = np.expm1(fall * horizon) / fall if fall else horizon
    customers = late / width * np.exp(fall * width / 2) * days
    if today >= SEASON_AFTER:
        same_days = min(horizon, YEAR)  # a year at most, because last year's window ends at the date
        last_year = history.between(today - YEAR, today - YEAR + same_days)[0] * horizon / same_days
        last_year *= np.exp(fall * YEAR)
        customers = (last_year + 1) ** SEASON * (customers + 1) ** (1 - SEASON) - 1
    return float(customers), _value(history, today, min(horizon, today // 2))


def _value(history: NewCustomers, today: int, width: int) -> float:
    """Returns the mean revenue of a new customer from the first order to the end of a window, over windows a quarter
    apart within the last year."""
    ends = range(today, max(today - YEAR, width - 1), -QUARTER)
    found = [history.between(end - width, end) for end in ends]
    arrived = sum(customers for customers, _ in found)
    return sum(money for _, money in found) / arrived if arrived else 0.0


def _errors(history: NewCustomers, horizons: list[int], today: int) -> list[dict[int, dict[date, float]]]:
    """Returns, for customers and for revenue, the log of actual over estimate at the latest closed windows, by horizon.
    One customer is added to both sides, because either may be 0."""
    customers: dict[int, dict[date, float]] = {horizon: {} for horizon in horizons}
    money: dict[int, dict[date, float]] = {horizon: {} for horizon in horizons}
    for horizon in horizons:
        starts = [today - horizon - BETWEEN_ORIGINS * step for step in range(LATEST)]
        for start in (start for start in reversed(starts) if start >= FEWEST_DAYS):
            day = history.first + timedelta(days=start)
            estimated, value = estimate(history, start, horizon)
            arrived, revenue = history.between(start, start + horizon)
            customers[horizon][day] = float(np.log((arrived + 1) / (estimated + 1)))
            if value > 0:
                money[horizon][day] = float(np.log((revenue / value + 1) / (estimated + 1)))
    return [customers, money]


def _interval(customers: float, spread: float) -> tuple[float, float, float]:
    """Returns the estimate and the ends of its interval. The variance adds the measured errors and the chance variation
    of a count."""
    width = norm.ppf(WITHIN) * np.sqrt(spread**2 + 1 / (customers + 1))
    low, high = ((customers + 1) * np.exp(sign * width) - 1 for sign in (-1, 1))
    return customers, max(float(low), 0.0), float(high)
