"""Splits a customer's forecast into the contributions of its drivers, to the log of revenue and to the log-odds of an
order.

The log of the mean is a weighted sum of parts, and each part is a sum of drivers: expected orders and order value of
the anchor, orders and revenue of the last year, and the learners' contributions. For boosted trees the contributions
are exact TreeSHAP values (Lundberg et al. 2020, Nature Machine Intelligence 2), for the logistic regression products of
inputs and coefficients. Where a sum of log-odds becomes the log of a probability, each driver gets a share in
proportion to its log-odds: the Aumann-Shapley value along the straight line (Sundararajan & Najmi 2020, The many
Shapley values for model explanation, ICML). The effect of a customer's own rate counts as frequency; the effect of the
silence since the last order counts as recency.

Effects are relative to the average customer: a weighted mean of all customers whose forecast equals the mean forecast.
The logarithmic mean converts differences of logs to money, and differences of log-odds to percentage points in the same
way. The effects of all drivers therefore add up to the customer's forecast minus the mean forecast.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.special import log_expit, logit

from clv.core.declared import ANCHOR, OURS
from spark_jobs.ensemble.forecast import Model
from spark_jobs.ensemble.parts import Parts, Trained, parts, weighted
from spark_jobs.explain import tree_shap
from spark_jobs.features.columns import Array, Columns
from spark_jobs.models import anchor, logistic
from spark_jobs.models.anchor import OriginFit, Probabilistic
from spark_jobs.models.feature_matrix import FEATURES
from spark_jobs.models.forest import LEAST, Forest
from spark_jobs.models.learners import NAMES

DRIVERS = list(dict.fromkeys(FEATURES.values()))
PLACES = tuple(DRIVERS.index(driver) for driver in FEATURES.values())  # the driver of each input of the learners
FOREST_PLACES = tuple(DRIVERS.index(driver) for driver in logistic.DRIVERS)  # the same for the forest
NEW = {"days_with_orders": np.ones(1), "recency": np.zeros(1), "t": np.zeros(1), "order_value_mean": np.zeros(1)}
NEAR = 1e-9  # smaller differences count as 0


def attribute(
    model: Model, fit: OriginFit, columns: Columns, horizon_days: int, found: Parts | None = None
) -> tuple[Array, Array]:
    """Returns the contribution of each driver to the log of a customer's revenue and to the log-odds of an order, each
    of shape (n, len(DRIVERS)).

    found: the customers' parts of the window, if they are known. Only differences between customers are meaningful. If
    a forecaster other than the blend and the anchor is published, no driver contributes to the revenue.
    """
    base = model.base(horizon_days) or horizon_days
    trained = model.trained.get(base, Trained())
    found = found or parts(trained, fit, columns, base)
    at_last = anchor.probabilistic(fit, columns | {"t": columns["recency"]}, base)
    anchored = _by_driver(
        ["frequency", "recency", "order_value"],
        np.column_stack([
            np.log(at_last.orders), np.log(found.by_anchor.orders / at_last.orders),
            np.log(found.by_anchor.order_value),
        ]),
    )  # fmt: skip
    new = anchor.probabilistic(fit, NEW, base)
    odds = _by_rate_and_silence(new.log_odds, at_last.log_odds, found.by_anchor.log_odds)
    weights = trained.value_weights
    money = weights["anchor"] * anchored + weights["trailing_year"] * _last_year(found, at_last)
    if trained.learners is not None and found.inputs is not None:
        trees = {
            name: tree_shap.trees(getattr(trained.learners, name), PLACES).contributions(found.inputs) for name in NAMES
        }
        learned, odds = _learned(trees, trained, fit, columns, base, found, at_last, new, anchored)
        money += learned
    if trained.published == ANCHOR:
        money = anchored
    elif trained.published != OURS:
        money = np.zeros_like(money)
    return money, odds


def average_customer(plain: Array, weighted: Array, link: float) -> Array:
    """Returns the contributions of a customer whose forecast is the mean forecast, shape (k,).

    plain, weighted: means over all customers, unweighted and weighted by their forecast. Their first element is the log
    (or log-odds) of the forecast, the others are contributions. link: the log (or log-odds) of the mean forecast. It
    lies above the unweighted mean of logs and below the weighted one, so the result mixes both means.
    """
    difference = weighted[0] - plain[0]
    return plain + ((link - plain[0]) / difference if abs(difference) > NEAR else 0.0) * (weighted - plain)


def effects(contributions: Array, average: Array, gap: Array, difference: Array, steepest: Array) -> Array:
    """Converts contributions to effects in the forecast's own unit, shape (n, drivers + 1). Each row sums to
    `difference`.

    contributions, average: of customers and of the average customer, to the log (or log-odds). gap: difference of the
    logs of the two forecasts, shape (n,). difference: difference of the forecasts, shape (n,). steepest: the slope used
    where the gap is 0. Part of the gap is not explained by drivers (the tilt of the calibration, caps, a longer
    horizon). It is divided among the drivers in proportion to the size of their effects; where all effects are 0, the
    last column holds it.
    """
    found = contributions - average
    size = np.abs(found).sum(axis=1)
    unexplained = gap - found.sum(axis=1)
    share = np.divide(unexplained, size, np.zeros_like(size), where=size > NEAR)
    found += np.abs(found) * share[:, None]
    found = np.column_stack([found, np.where(size > NEAR, 0.0, unexplained)])
    per_unit = np.divide(difference, gap, steepest.astype(float), where=np.abs(gap) > NEAR)
    return found * per_unit[:, None]


def by_group(contributions: Array, groups: dict[str, str]) -> Array:
    """Sums the contributions of drivers by group, shape (n, groups)."""
    names = list(dict.fromkeys(groups.values()))
    return _summed([names.index(groups[driver]) for driver in DRIVERS], contributions, len(names))


def _learned(
    tree: dict[str, Array], trained: Trained, fit: OriginFit, columns: Columns, window_days: int,
    found: Parts, at_last: Probabilistic, new: Probabilistic, anchored: Array,
) -> tuple[Array, Array]:  # fmt: skip
    """Returns the contributions of drivers to the three trained parts, weighted as in the mean, and to the blended
    log-odds. tree: the contributions of drivers to the learners' margins, by learner."""
    by_anchor, weights, odds_weights = found.by_anchor, trained.value_weights, trained.chance_weights
    # The boosted probability starts from that of BG/NBD. The spend starts from the anchor's revenue over this
    # probability.
    boosted = _by_rate_and_silence(*(logit(each.p_bgnbd) for each in (new, at_last, by_anchor))) + tree["buy"]
    start = _by_rate_and_silence(np.zeros(1), np.log(at_last.p_bgnbd), np.log(by_anchor.p_bgnbd))
    smooth = boosted
    if trained.logistic:
        smooth = _regression(trained.logistic, fit, columns, by_anchor, at_last, window_days)
    anchor_odds = _by_rate_and_silence(new.log_odds, at_last.log_odds, by_anchor.log_odds)
    odds = odds_weights["anchor"] * anchor_odds + odds_weights["boosted"] * boosted
    odds += odds_weights["regression"] * smooth
    least = 0.02  # orders, as in the learners' offsets
    total = (
        _by_rate_and_silence(np.zeros(1), np.log(at_last.orders + least), np.log(by_anchor.orders + least))
        + tree["total"]
    )
    total[:, DRIVERS.index("order_value")] += np.log(by_anchor.order_value)
    spend = anchored - start + tree["spend"]
    money = weights["tweedie"] * total
    money += weights["boosted"] * (_to_log_probability(boosted, found.chance["boosted"]) + spend)
    money += weights["blended"] * (_to_log_probability(odds, weighted(odds_weights, found.chance)) + spend)
    if trained.forest:
        money += weights["forest"] * _forest(trained.forest, fit, columns, by_anchor, window_days)
    return money, odds


def _regression(
    regression: logistic.Logistic, fit: OriginFit, columns: Columns, by_anchor: Probabilistic, at_last: Probabilistic,
    window_days: int,
) -> Array:  # fmt: skip
    """Returns the regression's terms by driver. The change of the anchor's inputs since the last order counts as
    recency instead of frequency."""
    now, then = (
        _by_driver(logistic.DRIVERS, regression.terms(logistic.inputs(fit, columns, each, window_days)))
        for each in (by_anchor, at_last)
    )
    often, lately = DRIVERS.index("frequency"), DRIVERS.index("recency")
    now[:, lately] += now[:, often] - then[:, often]
    now[:, often] = then[:, often]
    return now


def _forest(forest: Forest, fit: OriginFit, columns: Columns, by_anchor: Probabilistic, window_days: int) -> Array:
    """Returns the contributions of the forest's inputs to the log of its money, by driver."""
    found = logistic.inputs(fit, columns, by_anchor, window_days).astype(np.float32)
    money = np.zeros((len(found), len(DRIVERS)))
    of_inputs = tree_shap.trees(forest.trees, FOREST_PLACES).contributions(found)
    money[:, : of_inputs.shape[1]] = of_inputs
    logs = forest.log_money(found)
    start = np.log(np.maximum(np.exp(logs) - money.sum(axis=1), LEAST))
    return _along_chord(money, logs - start, np.exp(-logs))


def _last_year(found: Parts, at_last: Probabilistic) -> Array:
    """Splits the log revenue of the trailing year into the order value, the rate of orders, and the remainder, which
    counts as recent spend."""
    value, often = np.log(found.by_anchor.order_value), np.log(at_last.orders)
    drivers = ["order_value", "frequency", "recent_spend"]
    return _by_driver(drivers, np.column_stack([value, often, found.trailing - value - often]))


def _by_rate_and_silence(at_start: Array, at_last: Array, now: Array) -> Array:
    """Splits the change of a customer's logs (or log-odds) into the part due to orders up to the last one and the part
    due to the silence since."""
    return _by_driver(["frequency", "recency"], np.column_stack([at_last - at_start, now - at_last]))


def _to_log_probability(contributions: Array, log_odds: Array) -> Array:
    """Converts contributions to log-odds into contributions to the log of the probability."""
    rise = log_expit(log_odds) - log_expit(log_odds - contributions.sum(axis=1))
    return _along_chord(contributions, rise, np.exp(log_expit(-log_odds)))


def _along_chord(contributions: Array, rise: Array, slope: Array) -> Array:
    """Converts contributions to another scale, on which they sum to `rise`. The factor is the slope of the chord
    between the customer and a customer without these contributions, or `slope` where both are the same."""
    total = contributions.sum(axis=1)
    return contributions * np.divide(rise, total, slope, where=np.abs(total) > NEAR)[:, None]


def _by_driver(named: Iterable[str], contributions: Array) -> Array:
    """Sums contributions of shape (n, inputs) by driver, given the driver of each input, to shape (n, len(DRIVERS))."""
    return _summed([DRIVERS.index(driver) for driver in named], contributions, len(DRIVERS))


def _summed(places: list[int], contributions: Array, number: int) -> Array:
    total = np.zeros((len(contributions), number))
    for column, place in enumerate(places):
        total[:, place] += contributions[:, column]
    return total
