"""The columns of features.customer_features that the forecasts use, and two summaries computed from them: cumulative
spend and the decayed spend rate."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from clv.core.declared import PRIOR_YEAR, SEASON, WINDOWS

Array = np.ndarray
Columns = dict[str, Array]

YEAR = 365

# SQL condition, for PostgreSQL and Spark, of the customers who can be forecast: they have a purchase day before the
# date. `usable` is the same condition in numpy.
USABLE = "days_with_orders >= 1"

# The numeric features, all read as double precision.
FEATURE_COLUMNS = [
    "days_with_orders", "recency", "t", "days_since_last_order", "revenue_total",
    *(f"orders_{w}" for w in WINDOWS), *(f"revenue_{w}" for w in WINDOWS),
    *(f"orders_prior_year_{h}" for h in PRIOR_YEAR), *(f"revenue_prior_year_{h}" for h in PRIOR_YEAR),
    *(f"days_season_{h}" for h in SEASON), *(f"days_near_season_{h}" for h in SEASON),
    "average_order_value", "order_value_mean", "order_value_std", "order_value_max", "last_order_value",
    "gap_mean", "gap_std", "gap_last", "expected_gap_days", "trend", "distinct_products", "distinct_categories",
    "items_total", "refund_share", "discount_share",
]  # fmt: skip

# The columns to read, with the type of each: the key, the date and the features.
COLUMNS = {"customer_key": "text", "as_of_date": "date", **dict.fromkeys(FEATURE_COLUMNS, "double precision")}

FEATURES_READ = {name: type_ for name, type_ in COLUMNS.items() if name != "as_of_date"}  # of a single date


def usable(columns: Columns) -> Array:
    """Returns which rows meet the condition USABLE, as booleans of shape (n,)."""
    return columns["days_with_orders"] >= 1


def cumulative(columns: Columns) -> tuple[Array, Array]:
    """Returns ages in days before the date, and the spend of each customer since each age, both of shape (n, 7). The
    first age is 0; the last one covers the customer's whole history."""
    ages, spent = zip(*_spent_since(columns), strict=True)
    return np.column_stack(np.broadcast_arrays(*ages)), np.column_stack(spent)


def decayed_rate(columns: Columns, half_life_days: float) -> Array:
    """Returns the exponentially decayed revenue per day, shape (n,). Spend of a given age in days counts with weight l
    * exp(-l * age), where l = ln 2 / half-life.

    The features hold the spend of nested windows only. The spend between the ends of two windows is treated as spread
    evenly.
    """
    rate, total = np.log(2) / half_life_days, np.zeros(len(columns["t"]))
    for (start, spent), (end, spent_by_then) in pairwise(_spent_since(columns)):
        weight = -(np.exp(-rate * end) - np.exp(-rate * start)) / (end - start)
        total += weight * (spent_by_then - spent)
    return np.maximum(total, 0)


def _spent_since(columns: Columns) -> list[tuple[float | Array, Array]]:
    """Returns the columns of `cumulative`."""
    windows = [(float(window), columns[f"revenue_{window}"]) for window in WINDOWS]
    whole = np.maximum(columns["t"], YEAR + 1)
    return [(0.0, np.zeros(len(whole))), *windows, (whole, columns["revenue_total"])]
