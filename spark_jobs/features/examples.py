"""The feature matrix of the boosted learners: a customer at an origin and a horizon, in ratios and logs.

Absolute sizes are left to the anchor, whose predictions are the learners' offsets. The learners learn relative
differences, which carry over from one season and one shop size to the next.
"""

from __future__ import annotations

import numpy as np

from spark_jobs.features.columns import PRIOR_YEAR, SEASON, WINDOWS, YEAR, Array, Columns, decayed_rate
from spark_jobs.models.anchor import OriginFit, Probabilistic

HALF_LIVES = (45, 90, 180, 365, 1000)  # days
SPEND_WINDOWS = (30, 90, 365)
SEASONALITY_AFTER = 300  # days of history from which a customer's seasonality is used

# The features in order, and the kind of reason that each gives.
FEATURES = {
    "log_expected_orders": "frequency",
    "log_order_value": "order_value",
    "p_alive": "recency",
    "p_active": "recency",
    "log_days_with_orders": "frequency",
    "log_age": "frequency",
    "log_rate": "frequency",
    "recency_over_age": "recency",
    "log_days_since": "recency",
    "days_since_over_gap": "recency",
    "gap_variation": "rhythm",
    "gap_last_over_mean": "rhythm",
    **{f"orders_{w}_over_expected": "recent_orders" for w in WINDOWS},
    **{f"revenue_{w}_over_expected": "recent_spend" for w in SPEND_WINDOWS},
    **{f"decayed_{days}_over_expected": "recent_spend" for days in HALF_LIVES},
    "orders_last_year_over_expected": "last_year",
    "revenue_last_year_over_expected": "last_year",
    "season_share": "last_year",
    "near_season_share": "last_year",
    "season_over_expected": "last_year",
    "value_over_shop": "order_value",
    "last_value_over_mean": "order_value",
    "value_variation": "order_value",
    "largest_share": "order_value",
    "trend": "recent_spend",
    "log_products": "variety",
    "log_categories": "variety",
    "log_items_per_order": "variety",
    "refund_share": "refunds",
    "discount_share": "discounts",
}


def feature_matrix(fit: OriginFit, columns: Columns, by_anchor: Probabilistic, horizon_days: int) -> Array:
    """The learners' inputs, shape (n, len(FEATURES)), float32, missing as NaN.

    columns: FEATURE_COLUMNS, each of shape (n,). by_anchor: the anchor over the same horizon.
    """
    x, age = columns["days_with_orders"], np.maximum(columns["t"], 1)
    gap, value = columns["gap_mean"], columns["order_value_mean"]
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {
            "log_expected_orders": np.log(by_anchor.orders),
            "log_order_value": np.log(by_anchor.order_value / fit.gamma_gamma.mean),
            "p_alive": by_anchor.p_alive,
            "p_active": by_anchor.p_active,
            "log_days_with_orders": np.log(x),
            "log_age": np.log(age),
            "log_rate": np.log(x / age),
            "recency_over_age": columns["recency"] / age,
            "log_days_since": np.log1p(columns["days_since_last_order"]),
            "days_since_over_gap": np.log(columns["days_since_last_order"] / gap),
            "gap_variation": columns["gap_std"] / gap,
            "gap_last_over_mean": np.log(columns["gap_last"] / gap),
            **_trailing(columns, by_anchor, horizon_days),
            **_last_year(columns, by_anchor, horizon_days, age),
            **seasonality(columns, by_anchor.orders, horizon_days),
            "value_over_shop": np.log(value / fit.gamma_gamma.mean),
            "last_value_over_mean": np.log(columns["last_order_value"] / value),
            "value_variation": columns["order_value_std"] / value,
            "largest_share": columns["order_value_max"] / columns["revenue_total"],
            "trend": columns["trend"],
            "log_products": np.log1p(columns["distinct_products"]),
            "log_categories": np.log1p(columns["distinct_categories"]),
            "log_items_per_order": np.log1p(columns["items_total"] / x),
            "refund_share": columns["refund_share"],
            "discount_share": columns["discount_share"],
        }
        matrix = np.column_stack([found[name] for name in FEATURES]).astype(np.float32)
    matrix[~np.isfinite(matrix)] = np.nan
    return matrix


def seasonality(columns: Columns, orders: Array, horizon_days: int) -> Columns:
    """A customer's own seasonality, in logs: purchase days of any year that fell into the calendar days now ahead.

    Their share of all purchase days over an even spread, exactly and with 30 days' tolerance on both sides, and their
    number per year over the expected orders. Missing for a short history and for windows over half a year.
    """
    window = next((w for w in SEASON if w >= horizon_days), None)
    if window is None:
        missing = np.full(len(orders), np.nan)
        return dict.fromkeys(("season_share", "near_season_share", "season_over_expected"), missing)
    x, age = columns["days_with_orders"], columns["t"]
    inside, near = columns[f"days_season_{window}"], columns[f"days_near_season_{window}"]
    expected = orders * window / horizon_days
    known = age >= SEASONALITY_AFTER
    found = {
        "season_share": np.log((inside + 0.3) / (x * window / YEAR + 0.3)),
        "near_season_share": np.log((near + 0.3) / (x * (window + 60) / YEAR + 0.3)),
        "season_over_expected": np.log((inside / np.maximum(age / YEAR, 0.8) + 0.2) / (expected + 0.2)),
    }
    return {name: np.where(known, array, np.nan) for name, array in found.items()}


def _trailing(columns: Columns, by_anchor: Probabilistic, horizon_days: int) -> Columns:
    """Orders and revenue of trailing windows, and decayed spend, over the anchor's expectation, in logs."""
    money, floor = by_anchor.revenue, 0.5 * by_anchor.order_value
    ratios = {}
    for window in WINDOWS:
        expected = by_anchor.orders * window / horizon_days
        ratios[f"orders_{window}_over_expected"] = np.log((columns[f"orders_{window}"] + 0.5) / (expected + 0.5))
    for window in SPEND_WINDOWS:
        spent = np.maximum(columns[f"revenue_{window}"], 0) * horizon_days / window
        ratios[f"revenue_{window}_over_expected"] = np.log((spent + floor) / (money + floor))
    for half_life in HALF_LIVES:
        spent = decayed_rate(columns, half_life) * horizon_days
        ratios[f"decayed_{half_life}_over_expected"] = np.log((spent + floor) / (money + floor))
    return ratios


def _last_year(columns: Columns, by_anchor: Probabilistic, horizon_days: int, age: Array) -> Columns:
    """Orders and revenue of the same window a year ago over the expectation now, in logs; missing in a customer's first
    year."""
    window = min((h for h in PRIOR_YEAR if h >= horizon_days), default=PRIOR_YEAR[-1])
    expected = by_anchor.orders * window / horizon_days
    orders = np.log((columns[f"orders_prior_year_{window}"] + 0.5) / (expected + 0.5))
    spent = np.maximum(columns[f"revenue_prior_year_{window}"], 0)
    revenue = np.log((spent + 0.5 * by_anchor.order_value) / ((expected + 0.5) * by_anchor.order_value))
    known = age >= YEAR
    return {
        "orders_last_year_over_expected": np.where(known, orders, np.nan),
        "revenue_last_year_over_expected": np.where(known, revenue, np.nan),
    }
