"""Builders of customers with all columns that forecasts use, and an anchor with fixed parameters."""

from __future__ import annotations

import numpy as np

from spark_jobs.features.columns import FEATURE_COLUMNS, PRIOR_YEAR, SEASON, WINDOWS, Columns
from spark_jobs.models import btyd, pareto_nbd
from spark_jobs.models.anchor import OriginFit

FIT = OriginFit(
    btyd.BgNbd(0.4, 6.0, 0.8, 2.5), pareto_nbd.ParetoNbd(0.5, 6.0, 0.6, 11.0), btyd.GammaGamma(6.0, 3.5, 20.0)
)


def customers(n: int = 200, seed: int = 5) -> Columns:
    """Returns customers with all columns. Gaps are missing for customers with one purchase day."""
    rng = np.random.default_rng(seed)
    days, t = rng.integers(1, 12, n).astype(float), rng.integers(20, 900, n).astype(float)
    recency = np.where(days > 1, np.round(t * rng.random(n)), 0)
    columns = {name: rng.gamma(1, 2, n) for name in FEATURE_COLUMNS}
    gap = np.where(days > 1, recency / np.maximum(days - 1, 1) + 1, np.nan)
    return {
        **columns, "days_with_orders": days, "t": t, "recency": recency, "days_since_last_order": t - recency,
        "order_value_mean": rng.gamma(3, 20, n), "average_order_value": rng.gamma(3, 20, n),
        "gap_mean": gap, "gap_std": gap / 2, "gap_last": gap,
        "expected_gap_days": np.where(days > 1, gap, 90.0),
    }  # fmt: skip


def customer(*orders: tuple[int, float], **others: float) -> Columns:
    """Returns the columns of one customer, from orders as (days before the date, money)."""
    ages, money = np.array(sorted(orders, reverse=True), float).T
    gaps = -np.diff(ages)
    found = {
        "days_with_orders": len(ages), "t": ages[0], "days_since_last_order": ages[-1], "recency": ages[0] - ages[-1],
        "revenue_total": money.sum(), "order_value_mean": money.mean(), "average_order_value": money.mean(),
        "order_value_std": money.std(ddof=1) if len(ages) > 1 else np.nan, "order_value_max": money.max(),
        "last_order_value": money[-1], "items_total": len(ages), "distinct_products": 3.0,
        "distinct_categories": 1.0, "refund_share": 0.0,
        "expected_gap_days": gaps.mean() if len(gaps) else 90.0,
        "discount_share": np.nan, "gap_mean": gaps.mean() if len(gaps) else np.nan,
        "gap_std": gaps.std(ddof=1) if len(gaps) > 1 else np.nan, "gap_last": gaps[-1] if len(gaps) else np.nan,
    }  # fmt: skip
    for window in WINDOWS:
        found |= {f"orders_{window}": (ages <= window).sum(), f"revenue_{window}": money[ages <= window].sum()}
    for h in PRIOR_YEAR:
        inside = (ages <= 365) & (ages > 365 - h)
        found |= {f"orders_prior_year_{h}": inside.sum(), f"revenue_prior_year_{h}": money[inside].sum()}
    for h in SEASON:
        found |= {f"days_{near}season_{h}": ((365 - ages % 365) % 365 < h).sum() for near in ("", "near_")}
    found |= {"trend": found["revenue_90"] / (found["revenue_365"] * 90 / 365) if found["revenue_365"] else np.nan}
    return {name: np.array([value], float) for name, value in (found | others).items()}
