"""What a forecaster is: anything that can predict a customer's money over the days after a date.

A forecaster is one module in a folder of spark_jobs/models, named after itself (see `Forecaster`); `registry` finds it.
From what was known by a date (`Past`) it fits something (`Fitted`) that predicts customers (`Customers`), says why in
words, and can be kept as JSON. Pure: arrays in, arrays out; a forecaster that learns on Spark makes its own data frame.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

import numpy as np

from spark_jobs.features import outcomes
from spark_jobs.features.columns import Array, Columns
from spark_jobs.models.anchor import OriginFit, Probabilistic

Json = dict[str, Any]


@dataclass(frozen=True)
class Prediction:
    """What is predicted of customers over a window, arrays of shape (n,): their mean money and, of a forecaster that
    predicts these too, the chance of an order, the number of orders, and quantiles of the money by level (0.5 is the
    median)."""

    mean: Array
    chance: Array | None = None
    orders: Array | None = None
    quantiles: dict[float, Array] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Past:
    """What may be learned from for a window of `window_days` by a date (`by`).

    One row per customer and past origin, shape (n,): `columns` by name (FEATURE_COLUMNS, and what followed each origin,
    see `outcomes`), `customer` the customer's key, `origin` the date as days since 1970. `known` are the columns of the
    customers of the latest date whose features are known, for who needs no closed window; `anchor` is the anchor fitted
    to them, where it was already.
    """

    window_days: int
    by: date
    columns: Columns
    customer: Array
    origin: Array
    known: Columns
    anchor: OriginFit | None = None

    def closed(self) -> tuple[Columns, Array, Array]:
        """The rows whose window had closed by the date: columns, whether there was an order (0 or 1), and the money."""
        rows = self.closed_rows()
        columns = {name: values[rows] for name, values in self.columns.items()}
        return columns, outcomes.bought(columns, self.window_days), outcomes.spent(columns, self.window_days)

    def closed_rows(self) -> Array:
        """Which rows these are, shape (n,)."""
        over = self.origin + self.window_days <= (self.by - date(1970, 1, 1)).days
        return over & outcomes.known(self.columns, self.window_days)


@dataclass(frozen=True)
class Customers:
    """Customers with a purchase day before a date, to be predicted over `window_days`: FEATURE_COLUMNS of shape (n,),
    and what the anchor, fitted at that date, expects of them, where that is known."""

    columns: Columns
    window_days: int
    anchor: Probabilistic | None = None

    def __len__(self) -> int:
        return len(self.columns["t"])


class Fitted(Protocol):
    """What a forecaster fitted for one window."""

    def predict(self, customers: Customers, /) -> Prediction:
        """What it predicts of each customer over the window; money never negative."""
        ...

    def explain(self, customers: Customers, /) -> list[str] | None:
        """Why, in a few words for each customer, where it is published; None where the anchor's drivers explain it."""
        ...

    def to_json(self) -> Json:
        """Everything that `from_json` needs, as plain lists, numbers and texts."""
        ...


class Forecaster(Protocol):
    """The module of a forecaster. NAME: the module's own name, by which tables know it; TITLE: what pages call it;
    RESTS_ON: what its prediction rests on, to complete "it rests on …"."""

    NAME: str
    TITLE: str
    RESTS_ON: str

    def fit(self, past: Past) -> Fitted:
        """Fits a window. Raises Unfit with the reason where what is known is not enough."""
        ...

    def from_json(self, saved: Json) -> Fitted:
        """The fitted forecaster whose `to_json` gave `saved`."""
        ...


class Unfit(Exception):  # noqa: N818 - what a forecaster is
    """What is known by a date is not enough to fit a forecaster; the message says why."""


def nothing_closed(past: Past) -> Unfit:
    """For `fit` to raise where it needs a closed window and there is none."""
    return Unfit(f"no window of {past.window_days} days had closed by {past.by}")


def plain(value: Any) -> Any:
    """Arrays within dicts and lists as lists of numbers, for `to_json`."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return plain(value.tolist()) if isinstance(value, np.ndarray | np.generic) else value
