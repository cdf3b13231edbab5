"""A Markov chain over RFM states at the ends of periods.

Source: Pfeifer & Carraway (2000), Modeling customer relationships as Markov chains, Journal of Interactive Marketing
14(2).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from spark_jobs.features.columns import WINDOWS, Array, Columns
from spark_jobs.models.forecaster import Customers, Json, Past, Prediction, Unfit, plain

NAME = "markov_chain"
TITLE = "Markov chain"
RESTS_ON = "how customers went from one state of recency, number of orders and order value to the next"
RECENCIES = (30, 60, 90, 180, 365)  # days since the last order, inner borders of the buckets
FREQUENCIES = (1, 2, 4, 9)  # purchase days, the most of each bucket but the last
MONEY_LEVELS = 3
NEW_DAYS = 30  # a customer whose only purchase day is no older is new
MONTH = 30  # days of a chain's period where no origins lie a horizon apart
PRIOR = 5.0  # customers of like recency and money that each state's row of transitions starts from


@dataclass(frozen=True)
class MarkovChain:
    """RFM states at the ends of periods. `value` and `p`: per state, over the horizon; `edges`: of the money levels."""

    edges: Array
    period_days: int
    value: Array
    p: Array

    def predict(self, customers: Customers) -> Prediction:
        """What is expected of each customer's state."""
        state = states(customers.columns, self.edges)
        return Prediction(self.value[state], self.p[state])

    def explain(self, customers: Customers) -> list[str]:
        """The same for all."""
        return ["what became of customers in the same state of recency, number of orders and value"] * len(customers)

    def to_json(self) -> Json:
        """The states' figures as lists."""
        return plain(asdict(self))


def fit(past: Past) -> MarkovChain:
    """Fits a window to customers seen at two origins one period apart."""
    customer = np.unique(past.customer, return_inverse=True)[1]
    chain = fit_markov_chain(past.columns, customer, past.origin, past.window_days)
    if chain is None:
        raise Unfit(f"no two origins lie {past.window_days} or {MONTH} days apart")
    return chain


def from_json(saved: Json) -> MarkovChain:
    """What `to_json` kept."""
    return MarkovChain(np.array(saved["edges"]), saved["period_days"], np.array(saved["value"]), np.array(saved["p"]))


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
    transitions = state[before] * size + state[after]
    counts = np.bincount(transitions, minlength=size**2).reshape(size, size)
    idle = np.bincount(transitions, weights=~bought, minlength=size**2).reshape(size, size)
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
