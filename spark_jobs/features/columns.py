"""The columns of features.customer_features that forecasts use, and spend over time computed from them."""

from __future__ import annotations

import numpy as np

from clv.core.declared import PRIOR_YEAR, SEASON, WINDOWS

Array = np.ndarray
Columns = dict[str, Array]

YEAR = 365

# Customers who can be forecast: rows with a purchase day before the date. As SQL for PostgreSQL and Spark; `usable` in
# numpy.
USABLE = "days_with_orders >= 1"

# All double precision.
FEATURE_COLUMNS = [
    "days_with_orders", "recency", "t", "days_since_last_order", "revenue_total",
    *(f"orders_{w}" for w in WINDOWS), *(f"revenue_{w}" for w in WINDOWS),
    *(f"orders_prior_year_{h}" for h in PRIOR_YEAR), *(f"revenue_prior_year_{h}" for h in PRIOR_YEAR),
    *(f"days_season_{h}" for h in SEASON), *(f"days_near_season_{h}" for h in SEASON),
    "average_order_value", "order_value_mean", "order_value_std", "order_value_max", "last_order_value",
    "gap_mean", "gap_std", "gap_last", "expected_gap_days", "trend", "distinct_products", "distinct_categories",
    "items_total", "refund_share", "discount_share",
]  # fmt: skip

# The same with their key, and the type of each.
COLUMNS = {"customer_key": "text", "as_of_date": "date", **dict.fromkeys(FEATURE_COLUMNS, "double precision")}


def usable(columns: Columns) -> Array:
    """The rows for which USABLE is true, shape (n,)."""
    return columns["days_with_orders"] >= 1


def cumulative(columns: Columns) -> tuple[Array, Array]:
    """Days before the date, from 0 to a customer's whole time, and the cumulative spend since then: both of shape (n,
    7)."""
    n = len(columns["t"])
    ages = [np.zeros(n), *(np.full(n, float(window)) for window in WINDOWS), np.maximum(columns["t"], YEAR + 1)]
    spent = [np.zeros(n), *(columns[f"revenue_{window}"] for window in WINDOWS), columns["revenue_total"]]
    return np.column_stack(ages), np.column_stack(spent)


def decayed_rate(columns: Columns, half_life_days: float) -> Array:
    """Revenue per day, shape (n,): the sum of past spend weighted by l * exp(-l * age), l = ln 2 / half-life.

    The windows are nested; between two of them, spend counts as evenly spread.
    """
    rate = np.log(2) / half_life_days
    edges, spent = cumulative(columns)
    weights = -np.diff(np.exp(-rate * edges), axis=1) / np.diff(edges, axis=1)
    return np.maximum((weights * np.diff(spent, axis=1)).sum(axis=1), 0)
