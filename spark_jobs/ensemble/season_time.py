"""Season time: days counted by a shop's trade on the same days of its last year.

A day on which the shop trades twice as much as on average counts as two, so the hazard of an order per day of season
time is even where trade explains it (a time change of a point process, as in Daley & Vere-Jones 2003, section 7.4).
Any 365 days have 365 days of season time. Days are counted from the date, those before it below 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from spark_jobs.ensemble.level import Daily, growth, season
from spark_jobs.features.columns import YEAR, Array

SMOOTHED = 7  # days: a weekday is no season
SLOWEST = 0.1  # of the average pace: a shop that was closed may trade next time
STRETCHES = np.array([1, 7, 14, 30, 60, 90, 120, 180, 270, YEAR])  # days that `unevenness` is worked out for


@dataclass(frozen=True)
class Clock:
    """`paces`: days of season time per day, of the YEAR days from the date on, with a mean of 1, which repeat before
    and after; none where the shop has no season that is known."""

    paces: tuple[float, ...] = ()

    def passed(self, day: Array) -> Array:
        """Season time from the date to each day, in days; below 0 before it."""
        if not self.paces:
            return day
        years = np.floor(day / YEAR)
        return YEAR * years + np.interp(day - YEAR * years, np.arange(YEAR + 1), self._passed_by_day())

    def unevenness(self, stretch: Array) -> Array:
        """The squared coefficient of variation of the season time that stretches of so many days hold, over those of
        the year: 0 for a whole year and longer."""
        if not self.paces:
            return np.zeros(len(stretch))
        starts = np.arange(YEAR)
        held = self.passed(starts + STRETCHES[:, None]) - self.passed(starts)
        return np.interp(stretch, STRETCHES, (held / STRETCHES[:, None]).var(axis=1))

    def _passed_by_day(self) -> Array:
        return np.concatenate([[0], np.cumsum(self.paces)])


def clock(daily: Daily, day: date) -> Clock:
    """The clock of a date, from the money of its last year: smoothed, without the year's growth, and as far as the
    level believes in the season."""
    money, new = daily.before(day)
    believed = season(money, new, YEAR)[1]
    if believed <= 0:
        return Clock()
    last = money[-YEAR:] * np.exp(-growth(money) * np.arange(YEAR) / YEAR)
    around = SMOOTHED // 2
    mean = np.convolve(np.concatenate([last[-around:], last, last[:around]]), np.ones(SMOOTHED), "valid")
    paces = np.maximum(1 + believed * (mean / mean.mean() - 1), SLOWEST)
    return Clock(tuple((paces / paces.mean()).tolist()))
