"""Season time: days weighted by the shop's revenue on the same days of the last year.

A day with twice the average revenue counts as two days. If revenue explains when customers order, the hazard of an
order is then constant in season time (a time change of a point process, as in Daley & Vere-Jones 2003, section 7.4).
Any 365 days have 365 days of season time. Days are counted from the date; days before it are negative.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from spark_jobs.ensemble.calibration import Daily, growth, season
from spark_jobs.features.columns import YEAR, Array

SMOOTHED = 7  # days of the moving average, which removes the pattern of weekdays
# Least rate of a day relative to the average, because a shop that was closed on a day last year may be open this year.
SLOWEST = 0.1
LENGTHS = np.array([1, 7, 14, 30, 60, 90, 120, 180, 270, YEAR])  # lengths in days at which `unevenness` is computed


@dataclass(frozen=True)
class Clock:
    """Season time per calendar day, for the YEAR days from the date on. The rates have a mean of 1 and repeat every
    YEAR days in both directions. They are empty if the shop has no known season."""

    rates: tuple[float, ...] = ()

    def passed(self, day: Array) -> Array:
        """Returns the season time from the date to each day, in days; negative for days before the date."""
        if not self.rates:
            return day
        years = np.floor(day / YEAR)
        return YEAR * years + np.interp(day - YEAR * years, np.arange(YEAR + 1), self._passed_by_day())

    def unevenness(self, length: Array) -> Array:
        """Returns the squared coefficient of variation, over the year, of the season time in an interval of so many
        days. It is 0 for a whole year and longer."""
        if not self.rates:
            return np.zeros(len(length))
        starts = np.arange(YEAR)
        spans = self.passed(starts + LENGTHS[:, None]) - self.passed(starts)
        return np.interp(length, LENGTHS, (spans / LENGTHS[:, None]).var(axis=1))

    def _passed_by_day(self) -> Array:
        return np.concatenate([[0], np.cumsum(self.rates)])


def clock(daily: Daily, day: date) -> Clock:
    """Computes the season time of a date from the revenue of the last year: smoothed, with the year's growth removed,
    and weighted by the confidence in the season."""
    money, new = daily.before(day)
    confidence = season(money, new, YEAR)[1]
    if confidence <= 0:
        return Clock()
    last = money[-YEAR:] * np.exp(-growth(money) * np.arange(YEAR) / YEAR)
    around = SMOOTHED // 2
    mean = np.convolve(np.concatenate([last[-around:], last, last[:around]]), np.ones(SMOOTHED), "valid")
    rates = np.maximum(1 + confidence * (mean / mean.mean() - 1), SLOWEST)
    return Clock(tuple((rates / rates.mean()).tolist()))
