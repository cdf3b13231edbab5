"""Defines what a forecaster is: a module that can predict a customer's money over the days after a date.

A forecaster is one module in a folder of spark_jobs/models, named after itself (see `Forecaster`); `registry` finds it.
Its `fit` takes what was known by a date (`Past`) and returns a `Fitted` object, which predicts customers (`Customers`),
explains its predictions in words and can be saved as JSON. The interface is pure, arrays in and arrays out; a
forecaster that learns on Spark makes its own data frame.
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
    """Predictions for customers over a window, arrays of shape (n,).

    mean: the mean money. A forecaster may also give chance, the probability of an order; orders, their expected number;
    and quantiles of the money by level (0.5 is the median).
    """

    mean: Array
    chance: Array | None = None
    orders: Array | None = None
    quantiles: dict[float, Array] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Past:
    """The data known by a date (`by`), from which a forecaster is fitted for a window of `window_days`.

    columns, customer, origin: one row per customer and past origin, shape (n,). `columns` holds by name FEATURE_COLUMNS
    and the outcomes that followed each origin (see `outcomes`); `customer` is the customer key; `origin` is the date as
    days since 1970-01-01.

    known: the features of all customers at the latest date that has features, for forecasters that need no closed
    window. anchor: the parameters of the anchor (spark_jobs.models.anchor, the probabilistic model that the blend rests
    on), fitted to these customers; None if it has not been fitted.
    """

    window_days: int
    by: date
    columns: Columns
    customer: Array
    origin: Array
    known: Columns
    anchor: OriginFit | None = None

    def closed(self) -> tuple[Columns, Array, Array]:
        """Returns the rows whose window had closed by the date: their columns, whether the customer ordered (0 or 1),
        and the money."""
        rows = self.closed_rows()
        columns = {name: values[rows] for name, values in self.columns.items()}
        return columns, outcomes.bought(columns, self.window_days), outcomes.spent(columns, self.window_days)

    def closed_rows(self) -> Array:
        """Returns which rows have a window that had closed by the date, as booleans of shape (n,)."""
        over = self.origin + self.window_days <= (self.by - date(1970, 1, 1)).days
        return over & outcomes.known(self.columns, self.window_days)


@dataclass(frozen=True)
class Customers:
    """Customers to predict over `window_days`, each with a purchase day before the date.

    columns: FEATURE_COLUMNS, each of shape (n,). anchor: what the anchor (the probabilistic model that the blend rests
    on) predicts for the same customers when fitted at their date; None if it was not fitted.
    """

    columns: Columns
    window_days: int
    anchor: Probabilistic | None = None

    def __len__(self) -> int:
        return len(self.columns["t"])


class Fitted(Protocol):
    """A forecaster fitted for one window."""

    def predict(self, customers: Customers, /) -> Prediction:
        """Predicts each customer over the window. Money is never negative."""
        ...

    def explain(self, customers: Customers, /) -> list[str] | None:
        """Returns a short reason for each customer's prediction, shown when this forecaster is published. Returns None
        if the drivers of the anchor explain the prediction."""
        ...

    def to_json(self) -> Json:
        """Returns everything that `from_json` needs, as plain lists, numbers and texts."""
        ...


class Forecaster(Protocol):
    """The module of a forecaster.

    NAME: the name in tables, equal to the module's. TITLE: the name on pages. RESTS_ON: what the prediction is based
    on; it completes the sentence "it rests on …". A module may also declare COST: the seconds of one core that a fit of
    10,000 examples takes, by which `"contestants": "auto"` orders and limits the contestants. It may have `check()`,
    which raises ClvError, with the remedy, if the forecaster cannot be fitted here, because a package is not installed;
    `clv up` calls it for contestants. With READS_PURCHASES = True, columns also hold `purchases` (see
    spark_jobs/features/purchases.py), which is read only for such forecasters.
    """

    NAME: str
    TITLE: str
    RESTS_ON: str

    def fit(self, past: Past) -> Fitted:
        """Fits the forecaster for one window. Raises Unfit, with the reason, if the data are not enough."""
        ...

    def from_json(self, saved: Json) -> Fitted:
        """Restores the fitted forecaster whose `to_json` returned `saved`."""
        ...


class Unfit(Exception):  # noqa: N818 - what a forecaster is
    """The data known by a date are not enough to fit a forecaster. The message says why."""


def nothing_closed(past: Past) -> Unfit:
    """Returns the error that `fit` raises when it needs a closed window and there is none."""
    return Unfit(f"no window of {past.window_days} days had closed by {past.by}")


def plain(value: Any) -> Any:
    """Converts arrays within dicts and lists to lists of numbers, for `to_json`."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return plain(value.tolist()) if isinstance(value, np.ndarray | np.generic) else value
