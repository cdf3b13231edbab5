"""Why a customer's forecast is what it is: up to three drivers in words, with their effect in money.

The logarithm of the forecast is a weighted sum of parts, and each part a sum of drivers: expected orders and order
value from the anchor, trailing spend, and the learners' contributions (exact TreeSHAP: Lundberg et al. 2020, Nature
Machine Intelligence 2; products with coefficients for the logistic regression), those of log-odds times 1 - p, which
is what a small change in log-odds does to log p. Against the mean customer, differences of that sum become money by
the logarithmic mean, so that the effects of all drivers and a remainder add up to the customer's forecast less the
mean forecast. A published rule is no such sum: what it rests on is one reason, and has the whole effect.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import numpy as np
from scipy.special import expit, logit

from spark_jobs import baselines_rules, btyd, examples, logistic
from spark_jobs.anchor import DAYS_PER_WEEK, OriginFit, Probabilistic, history
from spark_jobs.columns import YEAR, Array, Columns
from spark_jobs.examples import SHAPE
from spark_jobs.forecast import Model, Trained, parts
from spark_jobs.promotion import ANCHOR, CELLS, OURS

REASONS = 3  # at most
DRIVERS = list(dict.fromkeys(SHAPE.values()))


def drivers(model: Model, fit: OriginFit, columns: Columns, horizon_days: int) -> Array:
    """What each driver adds to the log of a customer's forecast, shape (n, len(DRIVERS)); differences count.

    Nothing where a rule is published: then the remainder of `in_money` is the rule's effect.
    """
    base = model.base(horizon_days) or horizon_days
    trained = model.trained.get(base, Trained())
    found = parts(trained, fit, columns, base)
    weights, odds_weights = trained.value_weights, trained.chance_weights
    anchored = _anchor(fit, columns, found.said, base)
    if trained.published != OURS:
        return anchored if trained.published == ANCHOR else np.zeros_like(anchored)
    total = weights[0] * anchored
    total[:, DRIVERS.index("recent_spend")] += weights[-1] * found.trailing
    if trained.learners is None:
        return total
    inputs = examples.shape(fit, columns, found.said, base)
    tree = {name: _by_driver(SHAPE.values(), shap) for name, shap in trained.learners.contributions(inputs).items()}
    # The boosted chance starts from BG/NBD's, and spend from the anchor's money over that chance.
    not_boosted = expit(-found.chance[1])[:, None]
    not_blended = expit(-(np.array(odds_weights) @ found.chance))[:, None]
    start_odds = _by_driver(["frequency"], logit(found.said.p_bgnbd)[:, None])
    start_p = _by_driver(["frequency"], np.log(found.said.p_bgnbd)[:, None])
    spend = anchored - start_p + tree["spend"]
    boosted_odds = start_odds + tree["buy"]
    smooth = boosted_odds
    if trained.logistic:
        terms = trained.logistic.terms(logistic.inputs(fit, columns, found.said, base))
        smooth = _by_driver(logistic.DRIVERS, terms)
    anchor_odds = _by_driver(["frequency"], found.said.log_odds[:, None])
    blended_odds = odds_weights[0] * anchor_odds + odds_weights[1] * boosted_odds + odds_weights[2] * smooth
    total += weights[1] * (anchored + tree["total"])
    total += weights[2] * (not_boosted * boosted_odds + spend)
    total += weights[3] * (not_blended * blended_odds + spend)
    return total


def _anchor(fit: OriginFit, columns: Columns, said: Probabilistic, horizon_days: int) -> Array:
    """The anchor's log money by driver: the rate of orders, the silence since the last one, and the value of one."""
    # Not P(alive), which is 1 for whoever bought once: what the silence since the last order took off.
    x, t_x, _ = history(columns)
    at_last_order = np.log(btyd.expected_orders(fit.bgnbd, x, t_x, t_x, horizon_days / DAYS_PER_WEEK))
    parts_of_it = [at_last_order, np.log(said.orders) - at_last_order, np.log(said.order_value)]
    return _by_driver(["frequency", "recency", "order_value"], np.column_stack(parts_of_it))


def _by_driver(named: Iterable[str], contributions: Array) -> Array:
    """Contributions of shape (n, inputs), each input of a driver, summed to shape (n, len(DRIVERS))."""
    total = np.zeros((len(contributions), len(DRIVERS)))
    for number, driver in enumerate(named):
        total[:, DRIVERS.index(driver)] += contributions[:, number]
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


def sentences(model: Model, columns: Columns, horizon_days: int) -> list[list[str]]:
    """For each driver what an analyst reads of each customer, shape (drivers, n); where a rule is published, a last
    row says what it rests on."""
    n = len(columns["t"])
    base = model.base(horizon_days) or horizon_days
    published = model.trained.get(base, Trained()).published
    said = [[_WORDS[driver](columns, i) for i in range(n)] for driver in DRIVERS]
    if published == CELLS:
        said.append(["what customers of like recency, number of orders and spend brought"] * n)
    elif published not in (OURS, ANCHOR):
        days = YEAR if published == "trailing_year" else base
        spent = baselines_rules.trailing(columns, days).mean
        said.append([f"{money:,.2f} spent in the last {days} days" for money in spent])
    return said


def strongest(effects: Array, words: list[str]) -> str:
    """The REASONS largest effects of one customer that are of any money at all, as JSON.

    effects: a row of `in_money`, whose remainder counts where there are words for it; words: as in `sentences`.
    """
    found = [round(float(effect), 2) for effect in effects[: len(words)]]
    order = sorted((i for i, effect in enumerate(found) if effect), key=lambda i: -abs(effects[i]))[:REASONS]
    return json.dumps([{"reason": words[i], "effect": found[i]} for i in order])


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
    "discounts": lambda c, i: f"{np.nan_to_num(c['discount_share'][i]):.0%} off the price on average",
}
