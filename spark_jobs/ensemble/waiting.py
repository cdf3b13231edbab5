"""When the next order is as likely as not: the median of a distribution of the time to it.

The distribution agrees with the published chance at each horizon. Between two horizons it rises in proportion to a
shape, a mixture of two: the anchor's chance of an order by a day, and, as far as a customer's own gaps are regular, the
chance that a gap which has lasted since the last order ends by that day (a renewal process with Gamma gaps, as in the
condensed models of Chatfield & Goodhardt 1973). Both run in season time (`season_time`), gaps as far as the customer's
own follow it. Days are counted from the date; arrays are of shape (n,).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
from scipy.special import gammaincc

from spark_jobs.ensemble import season_time
from spark_jobs.ensemble.level import Daily
from spark_jobs.ensemble.season_time import Clock
from spark_jobs.features.columns import Array, Columns
from spark_jobs.models import anchor
from spark_jobs.models.anchor import OriginFit

EVEN = 0.5  # the chance that the day is asked for
ANCHORED_AT = (7, 21, 45)  # days at which the anchor is worked out, beside the horizons
PRIOR_GAPS = 3.0  # gaps of the shop that a customer's own are weighed against
FEWEST_ORDERS = 3  # from which a customer has a rhythm
MOST_REGULAR = 1e-4  # squared coefficient of variation: a hundredth of a gap
LONGEST = 0.05  # of a customer's gaps that last as long: a longer silence is no part of the rhythm
MIDDLE_OF_DAY = 0.5
EVENLY = 1e-3  # hazard over all days: whom the anchor gives up, below its smallest chance, orders at any time alike
HALVINGS = 14  # of a segment between horizons: to within a quarter of an hour in a week, an hour in a year


@dataclass(frozen=True)
class Timing:
    """What the customers of a date have in common: the squared coefficient of variation of their gaps, and the shop's
    season time."""

    variation: float = 1.0
    clock: Clock = field(default_factory=Clock)


@dataclass(frozen=True)
class Shape:
    """A rising function of days ahead for each customer: `days` of season time, from 0, and the anchor's cumulative
    hazards there, shape (len(days), n); the Gamma gaps' shape and scale, the silence so far, how far both follow season
    time (`seasonal`, 0 to 1), and the weight of the rhythm."""

    clock: Clock
    days: Array
    hazards: Array
    gap_shape: Array
    gap_scale: Array
    silence: Array
    seasonal: Array
    weight: Array

    def of(self, rows: Array) -> Shape:
        """That of some of the customers."""
        own = (self.gap_shape, self.gap_scale, self.silence, self.seasonal, self.weight)
        return Shape(self.clock, self.days, self.hazards[:, rows], *(array[rows] for array in own))

    def at(self, day: Array) -> Array:
        """The chance of an order within so many days, by the shape alone."""
        passed = self.clock.passed(day)
        after = np.clip(np.searchsorted(self.days, passed), 1, len(self.days) - 1)
        customers = np.arange(len(day))
        share = (passed - self.days[after - 1]) / (self.days[after] - self.days[after - 1])
        before = self.hazards[after - 1, customers]
        anchored = -np.expm1(-(before + share * (self.hazards[after, customers] - before)))
        waited = gammaincc(self.gap_shape, self.silence / self.gap_scale)
        by_then = (self.silence + day + self.seasonal * (passed - day)) / self.gap_scale
        ended = 1 - gammaincc(self.gap_shape, by_then) / np.maximum(waited, 1e-300)
        return self.weight * np.clip(ended, 0, 1) + (1 - self.weight) * anchored


def timing(columns: Columns, daily: Daily, day: date) -> Timing:
    """What the customers of a date have in common. columns: FEATURE_COLUMNS of all of them or a fair sample."""
    return Timing(gap_variation(columns), season_time.clock(daily, day))


def gap_variation(columns: Columns) -> float:
    """The squared coefficient of variation of the gaps of a shop's customers, each counted by its gaps but one; 1, that
    of orders at a constant rate, where nobody has two gaps."""
    own, gaps = _own_variation(columns)
    return float(np.average(own, weights=gaps)) if gaps.any() else 1.0


def days_to_next_order(fit: OriginFit, columns: Columns, chances: dict[int, Array], common: Timing) -> Array:
    """Days from the date to the day by which an order is as likely as not, 0 for the date itself, in whole days; NaN
    where it is not within the longest horizon.

    columns: FEATURE_COLUMNS. chances: of an order, by horizon in days, nowhere falling with it. The day lies before the
    end of a horizon exactly if its chance is a half or more.
    """
    found = np.full(len(columns["t"]), np.nan)
    shape = shape_of(fit, columns, sorted(chances), common)
    start, chance_by_start = 0, np.zeros(len(found))
    for horizon in sorted(chances):
        rows = np.isnan(found) & (chances[horizon] >= EVEN)
        if rows.any():
            own, low, high = shape.of(rows), np.full(rows.sum(), float(start)), np.full(rows.sum(), float(horizon))
            share = (EVEN - chance_by_start[rows]) / (chances[horizon][rows] - chance_by_start[rows])
            wanted = own.at(low) + share * (own.at(high) - own.at(low))
            for _ in range(HALVINGS):
                middle = (low + high) / 2
                short = own.at(middle) < wanted
                low, high = np.where(short, middle, low), np.where(short, high, middle)
            found[rows] = np.ceil(high) - 1
        start, chance_by_start = horizon, chances[horizon]
    return found


def shape_of(fit: OriginFit, columns: Columns, horizons: list[int], common: Timing) -> Shape:
    """The shape between the horizons: the rhythm weighs 1 less the squared variation of a customer's gaps, which the
    shop's stand in for as far as they are few, and fades once the silence is longer than all but LONGEST of them. Gaps
    that are more even than the season would leave them keep to the calendar."""
    ahead = sorted({*(day for day in ANCHORED_AT if day < horizons[-1]), *horizons})
    days = [0.0, *common.clock.passed(np.array(ahead, float))]
    by_anchor = anchor.over(fit, columns, days[1:])
    hazards = np.array([np.zeros(len(columns["t"])), *(-np.log1p(-by_anchor[day].p_purchase) for day in days[1:])])
    hazards = np.maximum.accumulate(hazards) + EVENLY * np.array(days)[:, None] / days[-1]
    own, gaps = _own_variation(columns)
    variation_of_gaps = (gaps * own + PRIOR_GAPS * common.variation) / (gaps + PRIOR_GAPS)
    gap_shape = 1 / np.clip(variation_of_gaps, MOST_REGULAR, 1)
    gap_mean = np.nan_to_num(columns["gap_mean"])
    rhythmic = (columns["days_with_orders"] >= FEWEST_ORDERS) & (gap_mean > 0)
    gap_scale = np.where(rhythmic, gap_mean, 1) / gap_shape
    uneven = common.clock.unevenness(gap_mean)
    seasonal = np.where(own < uneven, own / np.where(uneven > 0, uneven, 1), 1)
    silence = np.maximum(columns["t"] - columns["recency"] - MIDDLE_OF_DAY, 0)  # of purchase days, as the gaps are
    silence = silence - seasonal * (silence + common.clock.passed(-silence))
    usual = np.clip(gammaincc(gap_shape, silence / gap_scale) / LONGEST, 0, 1)
    weight = np.where(rhythmic, np.clip(1 - variation_of_gaps, 0, 1) * usual, 0)
    return Shape(common.clock, np.array(days), hazards, gap_shape, gap_scale, silence, seasonal, weight)


def _own_variation(columns: Columns) -> tuple[Array, Array]:
    """The squared coefficient of variation of each customer's gaps, and the gaps but one that it rests on."""
    mean, spread = columns["gap_mean"], columns["gap_std"]
    known = np.isfinite(mean) & np.isfinite(spread) & (mean > 0)
    own = np.where(known, (spread / np.where(known, mean, 1)) ** 2, 0)
    return own, np.where(known, np.maximum(columns["days_with_orders"] - 2, 0), 0)
