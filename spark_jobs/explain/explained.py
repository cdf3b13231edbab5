"""Describes what drives a model's forecast over all customers: the importance of each driver, and the dependence on a
column.

Importance is the mean absolute effect of a driver in money per customer, computed from the same effects as a customer's
reasons (reasons.py). Partial dependence (Friedman 2001, Greedy function approximation, Annals of Statistics 29) is the
mean forecast if all customers had one value of a column. Related columns change with it (altered.py), customers for
whom the value is impossible are left out, and the values that a date's customers share (the calibration, the parts'
means) stay the same. Both measures describe the whole blend, not one learner. They do not show what would happen if a
shop changed its customers' behaviour, nor how accurate the forecast is, because no outcome is used.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from clv.core.declared import OURS
from spark_jobs.ensemble.forecast import Model, Setting, blend
from spark_jobs.ensemble.parts import Trained, parts
from spark_jobs.explain import altered, attribution
from spark_jobs.explain.altered import Alteration
from spark_jobs.features.columns import Array, Columns
from spark_jobs.models.anchor import OriginFit

MOST_CUSTOMERS = 1_000  # number of customers that are drawn at random
FEWEST_CUSTOMERS = 30  # least number of customers for whom a column's values are possible
MOST_CURVES = 6  # largest number of columns to vary, one for each of the most important drivers
LEVELS = np.linspace(0.05, 0.95, 9)  # quantiles of a column's values at which the forecast is computed

# The column that represents each driver.
COLUMNS: dict[str, Alteration] = {
    "frequency": Alteration("days_with_orders", lambda c: c["days_with_orders"] >= 2, altered.more_often),
    "order_value": Alteration("order_value_mean", lambda c: c["order_value_mean"] > 0, altered.higher_value),
    "recency": Alteration("days_since_last_order", lambda c: c["t"] >= 0, altered.shifted_in_time),
    "rhythm": Alteration("gap_std", lambda c: c["days_with_orders"] >= 3, altered.alone("gap_std")),
    "recent_orders": Alteration(
        "orders_90",
        lambda c: (c["orders_90"] >= 1) & (c["days_with_orders"] >= 2) & (c["t"] > altered.RECENT),
        altered.recent_orders,
    ),
    "recent_spend": Alteration("revenue_90", lambda c: c["revenue_90"] > 0, altered.recent_spend),
    "last_year": Alteration(
        "orders_prior_year_90",
        lambda c: (c["t"] > 365) & (c["days_since_last_order"] < 275) & (c["days_with_orders"] >= 2),
        altered.last_year,
    ),
    "variety": Alteration(
        "distinct_products", lambda c: c["distinct_products"] > 0, altered.alone("distinct_products")
    ),
    "refunds": Alteration("refund_share", lambda c: c["refund_share"] >= 0, altered.alone("refund_share")),
    "discounts": Alteration("discount_share", lambda c: c["discount_share"] >= 0, altered.alone("discount_share")),
}


def explain(
    model: Model, fit: OriginFit, columns: Columns, common: dict[int, Setting], origin: str
) -> dict[int, dict[str, Any]]:
    """Returns, for each trained window, what drives its forecast, as plain numbers for the model's record.

    columns: FEATURE_COLUMNS of an origin's customers, shape (n,). fit, common: of the same origin. In the result,
    `importance` is money per customer by driver. `dependence` has one entry per column, beginning with the most
    important driver: values of the column (`at`), the `mean` forecast and the `chance` of an order at each value, and
    the number of `customers` for whom the values are possible. Both are empty if nothing was trained, or if a
    forecaster other than the blend is `published`.
    """
    n = len(columns["t"])
    drawn = np.sort(np.random.default_rng(n).choice(n, min(n, MOST_CUSTOMERS), replace=False))
    sample = _rows(columns, drawn)
    found = {}
    for window, trained in model.trained.items():
        learned = trained.learners is not None
        one: dict[str, Any] = {"importance": {}, "dependence": []}
        if learned and trained.published == OURS:
            one["importance"] = importance(model, fit, sample, common[window], window)
            sizes = {driver: size for driver in COLUMNS if (size := one["importance"][driver]) > 0}
            strongest = sorted(sizes, key=lambda driver: -sizes[driver])
            curves = (dependence(driver, trained, fit, sample, common[window], window) for driver in strongest)
            one["dependence"] = [curve for curve in curves if curve][:MOST_CURVES]
        found[window] = {
            "origin": origin, "customers": len(drawn), "published": trained.published, "learned": learned,
            "mean_forecast": round(common[window].mean, 4), **one,
        }  # fmt: skip
    return found


def importance(model: Model, fit: OriginFit, columns: Columns, common: Setting, window_days: int) -> dict[str, float]:
    """Returns each driver's mean absolute effect on the forecast, in money per customer."""
    contributions = attribution.attribute(model, fit, columns, window_days)[0]
    trained = model.trained[window_days]
    predicted = blend(trained, parts(trained, fit, columns, window_days), common)[1]
    mean, logs = float(predicted.mean()), np.log(predicted)
    rows = np.column_stack([logs, contributions])
    average = attribution.average_customer(rows.mean(axis=0), predicted @ rows / predicted.sum(), np.log(mean))
    effects = attribution.effects(
        contributions, average[1:], logs - np.log(mean), predicted - mean, np.full(len(logs), mean)
    )  # fmt: skip
    sizes = np.abs(effects).mean(axis=0)[:-1]
    return {name: round(float(size), 4) for name, size in zip(attribution.DRIVERS, sizes, strict=True)}


def dependence(
    driver: str, trained: Trained, fit: OriginFit, columns: Columns, common: Setting, window_days: int
) -> dict[str, Any] | None:
    """Returns the mean forecast and the mean probability of an order at each of a column's values. Returns None if
    there are too few values or customers."""
    alteration = COLUMNS[driver]
    eligible = _rows(columns, np.flatnonzero(alteration.possible(columns)))
    values = eligible[alteration.column][np.isfinite(eligible[alteration.column])]
    if len(values) < FEWEST_CUSTOMERS:
        return None
    at = np.unique(np.quantile(values, LEVELS, method="nearest"))
    if len(at) < 2:
        return None
    means, chances = [], []
    for value in at:
        found = parts(trained, fit, alteration.given(eligible, float(value)), window_days)
        p, money = blend(trained, found, common)
        means.append(round(float(money.mean()), 4))
        chances.append(round(float(p.mean()), 6))
    return {
        "driver": driver, "column": alteration.column, "customers": len(eligible["t"]),
        "at": [round(float(value), 4) for value in at], "mean": means, "chance": chances,
    }  # fmt: skip


def _rows(columns: Columns, rows: Array) -> Columns:
    return {name: array[rows] for name, array in columns.items()}
