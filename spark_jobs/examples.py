"""What the boosted learners see: a customer at an origin and a horizon, in ratios and logs.

Levels are left to the probabilistic models, whose forecasts are the learners' offsets: what is learned is the shape
around them, which holds from one season and one shop size to the next.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from scipy.special import logit

from spark_jobs import btyd

Array = np.ndarray
Columns = dict[str, Array]

WINDOWS = (30, 60, 90, 180, 365)
PRIOR_YEAR = (90, 180, 365)
DAYS_PER_WEEK = 7.0
FIT_ROWS = 50_000  # customers above which they are condensed a little for fitting

# Columns of features.customer_features that the model reads; all double precision.
FEATURE_COLUMNS = [
    "days_with_orders", "recency", "t", "days_since_last_order", "revenue_total",
    *(f"orders_{w}" for w in WINDOWS), *(f"revenue_{w}" for w in WINDOWS),
    *(f"orders_prior_year_{h}" for h in PRIOR_YEAR), *(f"revenue_prior_year_{h}" for h in PRIOR_YEAR),
    "average_order_value", "order_value_mean", "order_value_std", "order_value_max", "last_order_value",
    "gap_mean", "gap_std", "gap_last", "trend", "distinct_products", "distinct_categories", "items_total",
    "refund_share", "discount_share",
]  # fmt: skip

# The same with their key, and how each is read.
COLUMNS = {"customer_key": "text", "as_of_date": "date", **dict.fromkeys(FEATURE_COLUMNS, "double precision")}

# The learners' inputs, in order, and the kind of reason that an analyst is given for each.
SHAPE = {
    "log_horizon": "frequency",
    "log_expected_orders": "frequency",
    "log_order_value": "order_value",
    "logit_p_purchase": "frequency",
    "p_alive": "recency",
    "log_days_with_orders": "frequency",
    "log_age": "frequency",
    "recency_over_age": "recency",
    "log_days_since": "recency",
    "days_since_over_gap": "recency",
    "gap_variation": "rhythm",
    "gap_last_over_mean": "rhythm",
    **{f"orders_{w}_over_expected": "recent_orders" for w in WINDOWS},
    **{f"revenue_{w}_over_expected": "recent_spend" for w in WINDOWS},
    "orders_last_year_over_expected": "last_year",
    "revenue_last_year_over_expected": "last_year",
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


@dataclass(frozen=True)
class OriginFit:
    """The probabilistic models fitted to all customers with an order before one date; times in weeks."""

    bgnbd: btyd.BgNbd
    gamma_gamma: btyd.GammaGamma

    def as_json(self) -> dict:
        """Parameters by name, for the model's record."""
        return {"bgnbd": asdict(self.bgnbd), "gamma_gamma": asdict(self.gamma_gamma)}

    @staticmethod
    def from_json(saved: dict) -> OriginFit:
        """What `as_json` wrote."""
        return OriginFit(btyd.BgNbd(**saved["bgnbd"]), btyd.GammaGamma(**saved["gamma_gamma"]))


@dataclass(frozen=True)
class Probabilistic:
    """BG/NBD and Gamma-Gamma for a horizon, arrays of shape (n,): orders expected, their value, and chances."""

    orders: Array
    order_value: Array
    p_alive: Array
    p_purchase: Array

    @property
    def revenue(self) -> Array:
        """Money expected over the horizon."""
        return self.orders * self.order_value


def fit_origin(columns: Columns) -> OriginFit:
    """Fits both models to the customers of one date, in any order.

    columns: days_with_orders, recency, t (days) and order_value_mean; customers without a purchase day are
    left out. Above FIT_ROWS customers, times are rounded to whole weeks and values to one per mille.
    """
    known = columns["days_with_orders"] >= 1
    x, t_x, T = (array[known] for array in history(columns))
    value = np.nan_to_num(columns["order_value_mean"][known])
    if len(x) > FIT_ROWS:
        t_x, T = np.round(t_x), np.round(T)
        value = np.where(value > 0, np.exp(np.round(np.log(np.maximum(value, 1e-9)), 3)), 0)
    return OriginFit(btyd.fit_bgnbd(x, np.minimum(t_x, T), T), btyd.fit_gamma_gamma(x + 1, value))


def probabilistic(fit: OriginFit, columns: Columns, horizon_days: int) -> Probabilistic:
    """The probabilistic forecast for customers with at least one purchase day."""
    x, t_x, T = history(columns)
    h = horizon_days / DAYS_PER_WEEK
    value = np.nan_to_num(columns["order_value_mean"])
    return Probabilistic(
        orders=np.maximum(btyd.expected_orders(fit.bgnbd, x, t_x, T, h), 1e-9),
        order_value=np.maximum(btyd.expected_value(fit.gamma_gamma, x + 1, value), 1e-6),
        p_alive=btyd.p_alive(fit.bgnbd, x, t_x, T),
        p_purchase=np.clip(btyd.p_purchase(fit.bgnbd, x, t_x, T, h), 1e-9, 1 - 1e-9),
    )


def history(columns: Columns) -> tuple[Array, Array, Array]:
    """x, t_x and T of each customer in weeks, as the probabilistic models count."""
    T = columns["t"] / DAYS_PER_WEEK
    return columns["days_with_orders"] - 1, np.minimum(columns["recency"] / DAYS_PER_WEEK, T), T


def shape(fit: OriginFit, columns: Columns, said: Probabilistic, horizon_days: int) -> Array:
    """The learners' inputs, shape (n, len(SHAPE)), float32, missing as NaN.

    columns: FEATURE_COLUMNS, each of shape (n,). said: the probabilistic forecast for the same horizon.
    """
    x, age = columns["days_with_orders"], np.maximum(columns["t"], 1)
    mean_value = fit.gamma_gamma.mean
    orders_per_day = said.orders / horizon_days
    gap, value = columns["gap_mean"], columns["order_value_mean"]
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {
            "log_horizon": np.full(len(x), np.log(horizon_days)),
            "log_expected_orders": np.log(said.orders),
            "log_order_value": np.log(said.order_value / mean_value),
            "logit_p_purchase": logit(said.p_purchase),
            "p_alive": said.p_alive,
            "log_days_with_orders": np.log(x),
            "log_age": np.log(age),
            "recency_over_age": columns["recency"] / age,
            "log_days_since": np.log1p(columns["days_since_last_order"]),
            "days_since_over_gap": np.log(columns["days_since_last_order"] / gap),
            "gap_variation": columns["gap_std"] / gap,
            "gap_last_over_mean": np.log(columns["gap_last"] / gap),
            **_trailing(columns, orders_per_day, said.order_value),
            **_last_year(columns, said, horizon_days, age),
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
        matrix = np.column_stack([found[name] for name in SHAPE]).astype(np.float32)
    matrix[~np.isfinite(matrix)] = np.nan
    return matrix


def _trailing(columns: Columns, orders_per_day: Array, order_value: Array) -> Columns:
    """Orders and money of trailing windows over what the rate now expected would have brought, in logs."""
    ratios = {}
    for window in WINDOWS:
        expected = orders_per_day * window
        spent = np.maximum(columns[f"revenue_{window}"], 0)
        ratios[f"orders_{window}_over_expected"] = np.log((columns[f"orders_{window}"] + 0.5) / (expected + 0.5))
        ratios[f"revenue_{window}_over_expected"] = np.log(
            (spent + 0.5 * order_value) / ((expected + 0.5) * order_value)
        )
    return ratios


def _last_year(columns: Columns, said: Probabilistic, horizon_days: int, age: Array) -> Columns:
    """The same window a year ago over what is expected now, in logs; missing in a customer's first year."""
    window = min((h for h in PRIOR_YEAR if h >= horizon_days), default=PRIOR_YEAR[-1])
    expected = said.orders * window / horizon_days
    orders = np.log((columns[f"orders_prior_year_{window}"] + 0.5) / (expected + 0.5))
    spent = np.maximum(columns[f"revenue_prior_year_{window}"], 0)
    revenue = np.log((spent + 0.5 * said.order_value) / ((expected + 0.5) * said.order_value))
    known = age >= 365
    return {
        "orders_last_year_over_expected": np.where(known, orders, np.nan),
        "revenue_last_year_over_expected": np.where(known, revenue, np.nan),
    }
