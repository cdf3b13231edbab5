"""The feature matrix of the boosted learners: one row for a customer at an origin and a horizon, in ratios and logs.

The anchor models absolute amounts, and its predictions are the learners' offsets. The learners use ratios only, because
ratios carry over from one season or shop size to another.
"""

from __future__ import annotations

import numpy as np

from spark_jobs.features.columns import PRIOR_YEAR, SEASON, WINDOWS, YEAR, Array, Columns, decayed_rate
from spark_jobs.models.anchor import OriginFit, Probabilistic

HALF_LIVES = (45, 90, 180, 365, 1000)  # days
SPEND_WINDOWS = (30, 90, 365)
SEASONALITY_AFTER = 300  # days of history from which a customer's seasonality is used

# The features in the order of the matrix's columns, each with the group of reasons that it belongs to.
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
    """Computes the learners' inputs, shape (n, len(FEATURES)), float32, with NaN for missing values.

    columns: FEATURE_COLUMNS, each of shape (n,). by_anchor: the anchor's predictions over the same horizon.
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
    """Measures how many of a customer's purchase days, in all years, fell on the calendar days that the horizon covers
    now; in logs.

    season_share is their share of all purchase days over the share that evenly spread purchases would have.
    near_season_share is the same for the window widened by 30 days on both sides. season_over_expected is their number
    per year over the anchor's expected orders. All are NaN for customers with less than SEASONALITY_AFTER days of
    history, and for windows longer than half a year.
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
    """Computes logs of ratios: orders, revenue and decayed spend of trailing windows over what the anchor expects of as
    many days."""
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
    """Computes logs of ratios: orders and revenue of the same window one year ago over the anchor's expectation for the
    window now. NaN in a customer's first year."""
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
