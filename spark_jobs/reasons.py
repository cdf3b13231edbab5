"""Why a customer's forecast is what it is: three drivers in words, with their effect in money.

The logarithm of the forecast is a sum of drivers: expected orders and order value from the probabilistic models,
and each learner's contributions (exact TreeSHAP: Lundberg et al. 2020, Nature Machine Intelligence 2), those of the
log-odds times 1 - p, which is what a small change in log-odds does to log p. Against the mean customer, differences
of that sum become money by the logarithmic mean, so that the effects of all drivers and a remainder add up to
the customer's forecast less the mean forecast.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np

from spark_jobs import btyd, examples
from spark_jobs.examples import Columns, OriginFit
from spark_jobs.forecast import Model, offsets, rows_of

Array = np.ndarray
REASONS = 3
DRIVERS = list(dict.fromkeys(examples.SHAPE.values()))


def drivers(model: Model, fit: OriginFit, columns: Columns, horizon_days: int) -> Array:
    """What each driver adds to the log of a customer's forecast, shape (n, len(DRIVERS)); differences count."""
    said = examples.probabilistic(fit, columns, horizon_days)
    total = np.zeros((len(said.orders), len(DRIVERS)))
    # Not P(alive), which is 1 for whoever bought once: what the silence since the last order took off.
    x, t_x, _ = examples.history(columns)
    at_last_order = np.log(btyd.expected_orders(fit.bgnbd, x, t_x, t_x, horizon_days / examples.DAYS_PER_WEEK))
    _add(total, "frequency", at_last_order)
    _add(total, "recency", np.log(said.orders) - at_last_order)
    _add(total, "order_value", np.log(said.order_value))
    base = model.base(horizon_days)
    if model.learners is None or base is None or not model.weight_value:
        return total
    known = said if base == horizon_days else examples.probabilistic(fit, columns, base)
    inputs = examples.shape(fit, columns, known, base)
    start_buy, start_spend = offsets(known)
    buy, spend = model.learners.boosters
    odds = buy.predict(rows_of(inputs, start_buy), pred_contribs=True)
    money = spend.predict(rows_of(inputs, start_spend), pred_contribs=True)
    bought = 1 / (1 + np.exp(-odds.sum(axis=1)))
    learned = model.weight_value * ((1 - bought)[:, None] * odds[:, :-1] + money[:, :-1])
    for number, driver in enumerate(examples.SHAPE.values()):
        _add(total, driver, learned[:, number])
    return total


def in_money(contributions: Array, mean: Array, predicted: Array, base: float) -> Array:
    """Effects in money, shape (n, drivers + 1), the last the remainder; each row sums to predicted - base.

    contributions: (n, drivers), in logs. mean: their means over all customers, shape (drivers,). predicted: (n,)
    money. base: mean of predicted.
    """
    predicted, base = np.maximum(predicted, 1e-9), max(base, 1e-9)
    gap = np.log(predicted) - np.log(base)
    per_log = np.divide(predicted - base, gap, out=predicted.copy(), where=np.abs(gap) > 1e-9)
    effects = (contributions - mean) * per_log[:, None]
    return np.column_stack([effects, predicted - base - effects.sum(axis=1)])


def sentences(columns: Columns) -> list[list[str]]:
    """For each driver what an analyst reads of each customer, shape (drivers, n)."""
    n = len(columns["t"])
    return [[_WORDS[driver](columns, i) for i in range(n)] for driver in DRIVERS]


def strongest(effects: Array, words: list[str]) -> str:
    """The REASONS drivers of one customer with the largest effects, as JSON; effects of shape (drivers,)."""
    order = np.argsort(-np.abs(effects), kind="stable")[:REASONS]
    return json.dumps([{"reason": words[i], "effect": round(float(effects[i]), 2)} for i in order])


def _add(total: Array, driver: str, amount: Array) -> None:
    total[:, DRIVERS.index(driver)] += amount


def _count(number: float, one: str, many: str | None = None) -> str:
    number = 0 if np.isnan(number) else round(float(number))
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _money(columns: Columns, name: str, i: int) -> str:
    return f"{np.nan_to_num(columns[name][i]):,.2f}"


def _rhythm(columns: Columns, i: int) -> str:
    gap = columns["gap_mean"][i]
    if np.isnan(gap):
        return "no rhythm yet: one day with an order"
    return f"{_count(gap, 'day')} between orders on average"


_WORDS: dict[str, Callable[[Columns, int], str]] = {
    "frequency": lambda c, i: (
        f"{_count(c['days_with_orders'][i], 'day')} with an order within {_count(c['recency'][i], 'day')}"
        if c["days_with_orders"][i] > 1
        else "one day with an order so far"
    ),
    "order_value": lambda c, i: f"average order of {_money(c, 'average_order_value', i)}",
    "recency": lambda c, i: f"last order {_count(c['days_since_last_order'][i], 'day')} ago",
    "rhythm": _rhythm,
    "recent_orders": lambda c, i: f"{_count(c['orders_90'][i], 'order')} in the last 90 days",
    "recent_spend": lambda c, i: f"{_money(c, 'revenue_90', i)} spent in the last 90 days",
    "last_year": lambda c, i: (
        f"{_count(c['orders_prior_year_90'][i], 'order')} in the same 90 days a year earlier"
        if c["t"][i] >= 365
        else "no year of history yet"
    ),
    "variety": lambda c, i: f"{_count(c['distinct_products'][i], 'different product')} bought",
    "refunds": lambda c, i: f"{np.nan_to_num(c['refund_share'][i]):.0%} of spend refunded",
    "discounts": lambda c, i: f"{np.nan_to_num(c['discount_share'][i]):.0%} of spend discounted",
}
