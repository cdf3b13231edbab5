"""Baselines that are rules: trailing spend, RFM cells, time decay, and a Markov chain over RFM states.

Pure: columns by name as in features.customer_features, each of shape (n,), of customers with a purchase day. What is
learned comes from closed windows. Money is never negative; a rule that says nothing of buying leaves p as None.

Sources: Hughes (1994), Strategic Database Marketing (RFM cells); Pfeifer & Carraway (2000), Modeling customer
relationships as Markov chains, Journal of Interactive Marketing 14(2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import NamedTuple

import numpy as np

from spark_jobs.features import outcomes
from spark_jobs.features.columns import WINDOWS, YEAR, Columns, cumulative, decayed_rate

Array = np.ndarray


HALF_LIVES = (15, 30, 60, 90, 180, 365, 730)  # days
QUANTILES = (5, 3, 2)  # cells per side, finest first
SMALLEST_CELL = 50  # customers; a smaller cell's forecast comes from the next coarser one
RECENCIES = (30, 60, 90, 180, 365)  # days since the last order, inner borders of the buckets
FREQUENCIES = (1, 2, 4, 9)  # purchase days, the most of each bucket but the last
MONEY_LEVELS = 3
NEW_DAYS = 30  # a customer whose only purchase day is no older is new
MONTH = 30  # days of a chain's period where no origins lie a horizon apart
PRIOR = 5.0  # customers of like recency and money that each state's row of transitions starts from


class Said(NamedTuple):
    """A baseline's forecast over a horizon, each of shape (n,): money, chance of an order, orders."""

    mean: Array
    p: Array | None = None
    orders: Array | None = None


Rule = Callable[[Columns], Said]


@dataclass(frozen=True)
class History:
    """Customers at past origins, one per row: columns by name, whose row it is, and the origin as days since 1970."""

    columns: Columns
    customer: Array
    origin: Array

    def closed(self, horizon_days: int, by: date) -> tuple[Columns, Array, Array]:
        """The rows whose window had closed by a date, whether there was an order in it (0 or 1), and its money."""
        over = self.origin + horizon_days <= (by - date(1970, 1, 1)).days
        rows = over & outcomes.known(self.columns, horizon_days)
        columns = {name: values[rows] for name, values in self.columns.items()}
        return columns, outcomes.bought(columns, horizon_days), outcomes.spent(columns, horizon_days)


def fit(history: History, horizon_days: int, by: date) -> tuple[dict[str, Callable[[Columns], Said]], dict[str, str]]:
    """All rules for a horizon, learned from windows closed by a date, and for those left out the reason."""
    found: dict[str, Rule] = {
        "trailing": partial(trailing, horizon_days=horizon_days),
        "trailing_year": partial(trailing_year, horizon_days=horizon_days),
    }
    left_out = {}
    columns, bought, spent = history.closed(horizon_days, by)
    if len(bought):
        found["rfm_cells"] = fit_cells(columns, bought, spent).say
        found["time_decay"] = fit_time_decay(columns, spent, horizon_days).say
    else:
        reason = f"no window of {horizon_days} days had closed by {by}"
        left_out = {"rfm_cells": reason, "time_decay": reason}
    chain = fit_markov_chain(history.columns, history.customer, history.origin, horizon_days)
    if chain:
        found["markov_chain"] = chain.say
    else:
        left_out["markov_chain"] = f"no two origins lie {horizon_days} or {MONTH} days apart"
    return found, left_out


def trailing(columns: Columns, horizon_days: int) -> Said:
    """The spend of the last `horizon_days`; between two windows, spend is taken to be even."""
    edges, spent = cumulative(columns)
    width = np.diff(edges, axis=1)
    part = np.clip((horizon_days - edges[:, :-1]) / width, 0, 1)
    return Said(np.maximum((part * np.diff(spent, axis=1)).sum(axis=1), 0))


def trailing_year(columns: Columns, horizon_days: int) -> Said:
    """The spend of the last 365 days, scaled to the horizon."""
    return Said(np.maximum(columns[f"revenue_{YEAR}"], 0) * horizon_days / YEAR)


@dataclass(frozen=True)
class TimeDecay:
    """Spend counts less the older it is: half after `half_life_days`. `scale` brings past totals to what followed."""

    half_life_days: int
    scale: float
    horizon_days: int

    def say(self, columns: Columns) -> Said:
        """The decayed rate of spend over the horizon."""
        return Said(self.scale * self.horizon_days * decayed_rate(columns, self.half_life_days))


def fit_time_decay(columns: Columns, spent: Array, horizon_days: int) -> TimeDecay:
    """The half-life of least absolute error on closed windows, each with totals matched."""
    fits = []
    for half_life in HALF_LIVES:
        said = horizon_days * decayed_rate(columns, half_life)
        scale = float(spent.sum() / said.sum()) if said.sum() > 0 else 0.0
        fits.append((float(np.abs(spent - scale * said).sum()), half_life, scale))
    _, half_life, scale = min(fits)
    return TimeDecay(half_life, scale, horizon_days)


@dataclass(frozen=True)
class Grid:
    """Cells of one coarseness. edges: inner borders of recency, frequency and money; the rest per cell."""

    edges: list[Array]
    customers: Array
    share: Array
    mean: Array

    def cell(self, columns: Columns) -> Array:
        """The number of each customer's cell, shape (n,)."""
        number = np.zeros(len(columns["days_with_orders"]), int)
        for values, edges in zip(_rfm(columns), self.edges, strict=True):
            number = number * (len(edges) + 1) + np.searchsorted(edges, values, side="left")
        return number


@dataclass(frozen=True)
class Cells:
    """Mean next spend and share of buyers per RFM cell; `grids` from coarse to fine."""

    grids: list[Grid]
    share: float
    mean: float

    def say(self, columns: Columns) -> Said:
        """The forecast of each customer's finest cell that is not small."""
        n = len(columns["days_with_orders"])
        mean, p = np.full(n, self.mean), np.full(n, self.share)
        for grid in self.grids:
            cell = grid.cell(columns)
            known = grid.customers[cell] >= SMALLEST_CELL
            mean[known], p[known] = grid.mean[cell][known], grid.share[cell][known]
        return Said(mean, p)


def fit_cells(columns: Columns, bought: Array, spent: Array) -> Cells:
    """RFM cells of equally many customers from closed windows, at least one row; cells may merge where values tie."""
    grids = []
    for quantiles in sorted(QUANTILES):
        levels = np.arange(1, quantiles) / quantiles
        edges = [np.unique(np.quantile(values, levels)) for values in _rfm(columns)]
        size = int(np.prod([len(edge) + 1 for edge in edges]))
        empty = Grid(edges, *([np.zeros(size)] * 3))
        cell = empty.cell(columns)
        customers, buyers, money = (np.bincount(cell, w, size) for w in (np.ones(len(spent)), bought, spent))
        grids.append(Grid(edges, customers, (buyers + 0.5) / (customers + 1), money / np.maximum(customers, 1)))
    share = (bought.sum() + 0.5) / (len(bought) + 1)
    return Cells(grids, float(share), float(spent.mean()))


@dataclass(frozen=True)
class MarkovChain:
    """RFM states at the ends of periods. `value` and `p`: per state, over the horizon; `edges`: of the money levels."""

    edges: Array
    period_days: int
    value: Array
    p: Array

    def say(self, columns: Columns) -> Said:
        """What is expected of each customer's state."""
        state = states(columns, self.edges)
        return Said(self.value[state], self.p[state])


def states(columns: Columns, edges: Array) -> Array:
    """Number of each customer's state, shape (n,): (recency or new) x frequency x level of mean order value."""
    recency = np.searchsorted(RECENCIES, columns["days_since_last_order"], side="left")
    new = (columns["days_with_orders"] <= 1) & (columns["t"] <= NEW_DAYS)
    recency = np.where(new, len(RECENCIES) + 1, recency)
    frequency = np.searchsorted(FREQUENCIES, columns["days_with_orders"], side="left")
    money = np.searchsorted(edges, np.nan_to_num(columns["order_value_mean"]), side="left")
    return (recency * (len(FREQUENCIES) + 1) + frequency) * MONEY_LEVELS + money


def fit_markov_chain(columns: Columns, customer: Array, day: Array, horizon_days: int) -> MarkovChain | None:
    """A chain from customers seen at two origins one period apart; None where there are none.

    customer, day: integers, shape (n,), whose row it is and at which origin. The period is the horizon where origins
    lie that far apart and its window is among the features, else 30 days. A state's value is the mean spend of the
    period that ended in it: E[money] = sum over periods t of P**t value, a broken last one in proportion. P(no order)
    follows from the same transitions without those periods that had one.
    """
    period = horizon_days
    before, after = consecutive(customer, day, period) if period in WINDOWS else (np.array([], int),) * 2
    if not len(before):
        period = MONTH
        before, after = consecutive(customer, day, period)
    if not len(before):
        return None
    levels = np.arange(1, MONEY_LEVELS) / MONEY_LEVELS
    edges = np.quantile(np.nan_to_num(columns["order_value_mean"]), levels)
    state = states(columns, edges)
    bought = columns[f"orders_{period}"][after] > 0
    spent = np.maximum(columns[f"revenue_{period}"][after], 0)
    size = (len(RECENCIES) + 2) * (len(FREQUENCIES) + 1) * MONEY_LEVELS
    moves = state[before] * size + state[after]
    counts = np.bincount(moves, minlength=size**2).reshape(size, size)
    idle = np.bincount(moves, weights=~bought, minlength=size**2).reshape(size, size)
    # A state seldom seen leans on the others of its recency and money; one of a kind never seen stays as it is.
    shape = (-1, len(FREQUENCIES) + 1, MONEY_LEVELS, size)
    alike = counts.reshape(shape).sum(axis=1, keepdims=True)
    idle_alike = idle.reshape(shape).sum(axis=1, keepdims=True)
    weight = PRIOR / np.maximum(alike.sum(axis=-1, keepdims=True), 1)
    counts = (counts.reshape(shape) + weight * alike).reshape(size, size)
    idle = (idle.reshape(shape) + weight * idle_alike).reshape(size, size)
    unseen = np.flatnonzero(counts.sum(axis=1) == 0)
    counts[unseen, unseen] = idle[unseen, unseen] = 1
    arrivals = np.bincount(state[after], minlength=size)
    value = np.bincount(state[after], weights=spent, minlength=size) / np.maximum(arrivals, 1)
    total = counts.sum(axis=1, keepdims=True)
    return MarkovChain(edges, period, *_over_periods(counts / total, idle / total, value, horizon_days / period))


def consecutive(customer: Array, day: Array, apart: int) -> tuple[Array, Array]:
    """Rows (before, after) of the same customer at two days that lie `apart`."""
    keys = customer.astype(np.int64) * 1_000_000 + day
    order = np.argsort(keys)
    place = np.minimum(np.searchsorted(keys[order], keys + apart), len(keys) - 1)
    found = keys[order][place] == keys + apart
    return np.flatnonzero(found), order[place[found]]


def _over_periods(transition: Array, idle: Array, value: Array, periods: float) -> tuple[Array, Array]:
    """Money and chance of an order per state over a number of periods, both of shape (states,)."""
    whole, part = int(periods), periods - int(periods)
    expected, none, money = value, np.ones(len(value)), np.zeros(len(value))
    for _ in range(whole):
        expected, none = transition @ expected, idle @ none
        money = money + expected
    return money + part * (transition @ expected), 1 - none ** (1 - part) * (idle @ none) ** part


def _rfm(columns: Columns) -> tuple[Array, Array, Array]:
    return columns["days_since_last_order"], columns["days_with_orders"], columns["revenue_total"]
