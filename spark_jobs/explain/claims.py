"""What the sentences of reasons claim about customers, compared with the average customer.

A claim has a sign: 1 if common sense expects it to raise the customer's value, -1 if to lower it, 0 if neither. All
arrays have shape (n,).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spark_jobs.features.columns import Array

FIRST, ORDERING, ALL = "first order", "ordering", "all"  # ORDERING joins rhythm and recency
ALIKE_IN_LOGS = float(np.log(1.1))  # two figures count as alike if their logs differ by no more
ALIKE = {"returned": 0.02, "discount": 0.02}  # for shares: figures count as alike if log(1 + share) differs by no more
# Expected gaps of silence from which a customer is called quiet; one gap in seven is longer, see segment_rules.
QUIET = 2


@dataclass(frozen=True)
class Compared:
    """The figures that sentences use, of customers and of the average customer, by the names of reasons.FIGURES; NaN if
    missing. rules: each customer's reason of another published forecaster, in words; None if the blend is published."""

    own: dict[str, Array]
    average: dict[str, float]
    horizon_days: int
    rules: list[str] | None = None

    def of(self, rows: Array) -> Compared:
        """Returns some of the customers."""
        rules = None if self.rules is None else [self.rules[row] for row in rows.tolist()]
        return Compared({name: array[rows] for name, array in self.own.items()}, self.average, self.horizon_days, rules)

    def number(self, name: str) -> Array:
        """Returns a figure of the customers; 0 where it is missing."""
        return np.nan_to_num(self.own[name])

    def rounded(self, name: str) -> Array:
        """Returns a figure as whole numbers; 0 where it is missing."""
        return np.rint(self.number(name)).astype(np.int64)

    def above(self, name: str) -> Array:
        """Returns 1 where the figure is above the average customer's, -1 where it is below, and 0 where they are alike
        or one is missing."""
        apart = self.apart(name)
        return np.where(np.abs(apart) > ALIKE.get(name, ALIKE_IN_LOGS), np.sign(apart), 0)

    def apart(self, name: str) -> Array:
        """Returns the log of 1 + a figure, minus that of the average customer; NaN where one is missing."""
        return np.log1p(self.own[name]) - np.log1p(self.average[name])

    @property
    def rhythm_known(self) -> Array:
        """Where the customer has a rhythm, which takes at least three purchase days."""
        return self.number("orders") >= 3

    @property
    def gaps_silent(self) -> Array:
        """The silence since the last order, in expected gaps of the customer."""
        return self.number("silence") / np.maximum(self.number("gap"), 1.0)


def joint(*signs: Array) -> Array:
    """Returns the common sign of several claims; 0 where they contradict each other."""
    least, largest = np.minimum.reduce(signs), np.maximum.reduce(signs)
    return np.where(least >= 0, largest, np.where(largest <= 0, least, 0))


def _rhythm(c: Compared) -> Array:
    often = c.above("orders")
    return joint(often, np.where(c.rhythm_known, -c.above("gap"), often))


def _recency(c: Compared) -> Array:
    by_gaps = np.where(c.gaps_silent > QUIET, -1, c.gaps_silent <= 1)
    return np.where(c.rhythm_known, by_gaps, -c.above("silence"))


def _ordering(c: Compared) -> list[Array]:
    """Returns the signs of rhythm and recency together. For a customer whose silence is within the usual gaps, a
    silence longer than the average customer's does not count against them."""
    often, on_time = c.above("orders"), c.rhythm_known & (c.gaps_silent <= QUIET)
    rhythm = (often, np.where(c.rhythm_known, -c.above("gap"), often))
    return [*rhythm, np.where(on_time, np.maximum(-c.above("silence"), 0), _recency(c))]


def _all(c: Compared) -> Array:
    found = joint(*_ordering(c), c.above("value"))
    return found if c.rules is None else np.where([bool(rule) for rule in c.rules], 0, found)


CLAIMS: dict[str, Callable[[Compared], Array]] = {
    "rhythm": _rhythm,
    "recency": _recency,
    FIRST: lambda c: joint(*_ordering(c)),
    ORDERING: lambda c: joint(*_ordering(c)),
    "spend": lambda c: c.above("value"),
    "season": lambda c: np.where(c.number("last_year") != 0, 1, -1),
    "variety": lambda c: c.above("products"),
    "returns": lambda c: -c.above("returned"),
    "discounts": lambda c: np.zeros(len(c.own["orders"])),
    ALL: _all,
}
