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
COST = 0.02
RECENCIES = (30, 60, 90, 180, 365)  # days since the last order: inner edges of the buckets
FREQUENCIES = (1, 2, 4, 9)  # purchase days: upper end of each bucket except the last
MONEY_LEVELS = 3
NEW_DAYS = 30  # a customer with one purchase day is new for this many days
MONTH = 30  # length of a period in days, if no two origins lie one horizon apart
# Weight, in customers, that the transitions of all states with the same recency and money get in each of these states.
PRIOR = 5.0


@dataclass(frozen=True)
class MarkovChain:
    """RFM states at the ends of periods. value, p: money and probability of an order within the horizon, per state.
    edges: of the money levels. period_days: the length of a period."""

    edges: Array
    period_days: int
    value: Array
    p: Array

    def predict(self, customers: Customers) -> Prediction:
        """Predicts the mean money and the probability of an order of each customer's state."""
        state = states(customers.columns, self.edges)
        return Prediction(self.value[state], self.p[state])

    def explain(self, customers: Customers) -> list[str]:
        """Returns the same reason for every customer."""
        return ["what became of customers in the same state of recency, number of orders and value"] * len(customers)

    def to_json(self) -> Json:
        """Returns the states' figures as lists."""
        return plain(asdict(self))


def fit(past: Past) -> MarkovChain:
    """Fits one window on customers observed at two origins one period apart."""
    customer = np.unique(past.customer, return_inverse=True)[1]
    chain = fit_markov_chain(past.columns, customer, past.origin, past.window_days)
    if chain is None:
        raise Unfit(f"no two origins lie {past.window_days} or {MONTH} days apart")
    return chain


def from_json(saved: Json) -> MarkovChain:
    """Restores the fitted forecaster that `to_json` wrote."""
    return MarkovChain(np.array(saved["edges"]), saved["period_days"], np.array(saved["value"]), np.array(saved["p"]))


def states(columns: Columns, edges: Array) -> Array:
    """Returns the number of each customer's state, shape (n,). A state combines recency (or new), frequency, and the
    level of the mean order value."""
    recency = np.searchsorted(RECENCIES, columns["days_since_last_order"], side="left")
    new = (columns["days_with_orders"] <= 1) & (columns["t"] <= NEW_DAYS)
    recency = np.where(new, len(RECENCIES) + 1, recency)
    frequency = np.searchsorted(FREQUENCIES, columns["days_with_orders"], side="left")
    money = np.searchsorted(edges, np.nan_to_num(columns["order_value_mean"]), side="left")
    return (recency * (len(FREQUENCIES) + 1) + frequency) * MONEY_LEVELS + money


def fit_markov_chain(columns: Columns, customer: Array, day: Array, horizon_days: int) -> MarkovChain | None:
    """Fits a chain to customers observed at two origins one period apart. Returns None if there are none.

    customer, day: integers, shape (n,): the customer and the origin of each row. The period is the horizon, if there
    are origins that far apart and the features have its window; otherwise 30 days. The value of a state is the mean
    spend of the period that ended in it. The expected money is the sum over the periods t of the horizon of P**t value,
    where P holds the probabilities of transitions; a partial last period counts in proportion. P(no order) is computed
    in the same way from the transitions during which the customer ordered nothing.
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
    # A state with few observations borrows transitions of states with the same recency and money. A state whose whole
    # group was never observed keeps its customers.
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
    """Returns the rows (before, after) of the same customer at two days that are `apart` days apart."""
    keys = customer.astype(np.int64) * 1_000_000 + day
    order = np.argsort(keys)
    place = np.minimum(np.searchsorted(keys[order], keys + apart), len(keys) - 1)
    found = keys[order][place] == keys + apart
    return np.flatnonzero(found), order[place[found]]


def _over_periods(transition: Array, idle: Array, value: Array, periods: float) -> tuple[Array, Array]:
    """Returns money and probability of an order per state over a number of periods, both of shape (states,)."""
    whole, part = int(periods), periods - int(periods)
    expected, none, money = value, np.ones(len(value)), np.zeros(len(value))
    for _ in range(whole):
        expected, none = transition @ expected, idle @ none
        money = money + expected
    return money + part * (transition @ expected), 1 - none ** (1 - part) * (idle @ none) ** part
