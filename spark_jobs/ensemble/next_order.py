"""The median of the time to the next order: the day by which an order has a probability of one half.

The distribution of the time agrees with the published probability at each horizon. Between two horizons it follows a
mixture of two curves: the anchor's probability of an order by a day and, with a weight given by how regular the
customer's gaps are, the probability that the present gap ends by that day (a renewal process with gamma gaps, as in the
condensed models of Chatfield & Goodhardt 1973). Both curves run in season time (`season_time`); gaps do so only as far
as the customer's own gaps follow the season. Days are counted from the date; arrays have shape (n,).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
from scipy.special import gammaincc

from spark_jobs.ensemble import season_time
from spark_jobs.ensemble.calibration import Daily
from spark_jobs.ensemble.season_time import Clock
from spark_jobs.features.columns import Array, Columns
from spark_jobs.models import anchor
from spark_jobs.models.anchor import OriginFit

HALF = 0.5  # the probability that defines the day
ANCHORED_AT = (7, 21, 45)  # days of season time at which the anchor is computed, besides the horizons
PRIOR_GAPS = 3.0  # weight, in gaps, of the shop's variation of gaps against a customer's own
FEWEST_ORDERS = 3  # least number of purchase days for a customer's own rhythm to count
MOST_REGULAR = 1e-4  # least squared coefficient of variation: a standard deviation of a hundredth of a gap
LONGEST = 0.05  # a silence that is longer than all but this share of a customer's gaps reduces the weight of the rhythm
MIDDLE_OF_DAY = 0.5
# Hazard added over the whole time, spread evenly, so that the curve rises even where the anchor considers a customer
# gone.
LEAST_HAZARD = 1e-3
# Bisection steps between two horizons: precise to a quarter of an hour within a week, to an hour within a year.
BISECTIONS = 14


@dataclass(frozen=True)
class Timing:
    """Values that all customers of a date share. variation: the squared coefficient of variation of gaps. clock: the
    shop's season time."""

    variation: float = 1.0
    clock: Clock = field(default_factory=Clock)


@dataclass(frozen=True)
class OrderCurve:
    """For each customer, a rising function of the days ahead.

    days: points in season time, from 0. hazards: the anchor's cumulative hazards at these points, shape (len(days), n).
    gap_shape, gap_scale: parameters of the gamma distribution of gaps. silence: the time since the last order. waited:
    the probability of a longer silence. seasonal: how far gap and silence follow season time, from 0 to 1. weight: of
    the rhythm.
    """

    clock: Clock
    days: Array
    hazards: Array
    gap_shape: Array
    gap_scale: Array
    silence: Array
    waited: Array
    seasonal: Array
    weight: Array

    def of(self, rows: Array) -> OrderCurve:
        """Returns the curves of some of the customers."""
        own = (self.gap_shape, self.gap_scale, self.silence, self.waited, self.seasonal, self.weight)
        return OrderCurve(self.clock, self.days, self.hazards[:, rows], *(array[rows] for array in own))

    def at(self, day: Array) -> Array:
        """Returns the probability of an order within so many days, according to this curve alone."""
        passed = self.clock.passed(day)
        after = np.clip(np.searchsorted(self.days, passed), 1, len(self.days) - 1)
        customers = np.arange(len(day))
        share = (passed - self.days[after - 1]) / (self.days[after] - self.days[after - 1])
        before = self.hazards[after - 1, customers]
        anchored = -np.expm1(-(before + share * (self.hazards[after, customers] - before)))
        by_then = (self.silence + day + self.seasonal * (passed - day)) / self.gap_scale
        ended = 1 - gammaincc(self.gap_shape, by_then) / np.maximum(self.waited, 1e-300)
        return self.weight * np.clip(ended, 0, 1) + (1 - self.weight) * anchored


def timing(columns: Columns, daily: Daily, day: date) -> Timing:
    """Computes what the customers of a date share. columns: FEATURE_COLUMNS of all customers or of a random sample."""
    return Timing(gap_variation(columns), season_time.clock(daily, day))


def gap_variation(columns: Columns) -> float:
    """Returns the mean squared coefficient of variation of gaps over customers, weighted by their number of gaps minus
    one. Without a customer with two gaps it is 1, the value for orders at a constant rate."""
    own, gaps = _own_variation(columns)
    return float(np.average(own, weights=gaps)) if gaps.any() else 1.0


def days_to_next_order(fit: OriginFit, columns: Columns, chances: dict[int, Array], common: Timing) -> Array:
    """Returns the whole days from the date to the day by which an order has a probability of one half: 0 for the date
    itself, NaN if the day is not within the longest horizon.

    columns: FEATURE_COLUMNS. chances: the probability of an order by horizon (days), which must not fall as horizons
    grow. The day lies before the end of a horizon exactly if the horizon's probability is a half or more.
    """
    result = np.full(len(columns["t"]), np.nan)
    likely = np.max(list(chances.values()), axis=0) >= HALF
    found, chances = result[likely], {horizon: p[likely] for horizon, p in chances.items()}
    curve = order_curve(fit, {name: array[likely] for name, array in columns.items()}, sorted(chances), common)
    start, chance_by_start = 0, np.zeros(len(found))
    for horizon in sorted(chances):
        rows = np.isnan(found) & (chances[horizon] >= HALF)
        if rows.any():
            own, low, high = curve.of(rows), np.full(rows.sum(), float(start)), np.full(rows.sum(), float(horizon))
            share = (HALF - chance_by_start[rows]) / (chances[horizon][rows] - chance_by_start[rows])
            wanted = own.at(low) + share * (own.at(high) - own.at(low))
            for _ in range(BISECTIONS):
                middle = (low + high) / 2
                short = own.at(middle) < wanted
                low, high = np.where(short, middle, low), np.where(short, high, middle)
            found[rows] = np.ceil(high) - 1
        start, chance_by_start = horizon, chances[horizon]
    result[likely] = found
    return result


def order_curve(fit: OriginFit, columns: Columns, horizons: list[int], common: Timing) -> OrderCurve:
    """Builds the curves that give the shape between the horizons.

    The weight of the rhythm is 1 minus the squared coefficient of variation of the customer's gaps. If the customer has
    few gaps, the shop's variation counts in part. The weight fades once the silence is longer than all but LONGEST of
    the gaps. Gaps that are more even than season time would make them follow the calendar.
    """
    days = [0.0, *anchored_at(horizons, common.clock)]
    by_anchor = anchor.over(fit, columns, days[1:])
    hazards = np.array([np.zeros(len(columns["t"])), *(-np.log1p(-by_anchor[day].p_purchase) for day in days[1:])])
    hazards = np.maximum.accumulate(hazards) + LEAST_HAZARD * np.array(days)[:, None] / days[-1]
    own, gaps = _own_variation(columns)
    variation_of_gaps = (gaps * own + PRIOR_GAPS * common.variation) / (gaps + PRIOR_GAPS)
    gap_shape = 1 / np.clip(variation_of_gaps, MOST_REGULAR, 1)
    gap_mean = np.nan_to_num(columns["gap_mean"])
    rhythmic = (columns["days_with_orders"] >= FEWEST_ORDERS) & (gap_mean > 0)
    gap_scale = np.where(rhythmic, gap_mean, 1) / gap_shape
    uneven = common.clock.unevenness(gap_mean)
    seasonal = np.where(own < uneven, own / np.where(uneven > 0, uneven, 1), 1)
    # Gaps are measured between whole days, so the silence is counted from the middle of the last order's day.
    silence = np.maximum(columns["t"] - columns["recency"] - MIDDLE_OF_DAY, 0)
    silence = silence - seasonal * (silence + common.clock.passed(-silence))
    waited = gammaincc(gap_shape, silence / gap_scale)
    usual = np.clip(waited / LONGEST, 0, 1)
    weight = np.where(rhythmic, np.clip(1 - variation_of_gaps, 0, 1) * usual, 0)
    return OrderCurve(common.clock, np.array(days), hazards, gap_shape, gap_scale, silence, waited, seasonal, weight)


def anchored_at(horizons: list[int], clock: Clock) -> list[float]:
    """Returns the days of season time at which the anchor gives the shape of the curves, for sorted horizons."""
    ahead = sorted({*(day for day in ANCHORED_AT if day < horizons[-1]), *horizons})
    return clock.passed(np.array(ahead, float)).tolist()


def _own_variation(columns: Columns) -> tuple[Array, Array]:
    """Returns the squared coefficient of variation of each customer's gaps, and the number of gaps minus one."""
    mean, spread = columns["gap_mean"], columns["gap_std"]
    known = np.isfinite(mean) & np.isfinite(spread) & (mean > 0)
    own = np.where(known, (spread / np.where(known, mean, 1)) ** 2, 0)
    return own, np.where(known, np.maximum(columns["days_with_orders"] - 2, 0), 0)
