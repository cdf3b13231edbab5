"""Builders: customers with every column that forecasts use, and an anchor that was fitted to nobody."""

from __future__ import annotations

import numpy as np

from spark_jobs.features.columns import FEATURE_COLUMNS, Columns
from spark_jobs.models import btyd, pareto_nbd
from spark_jobs.models.anchor import OriginFit

FIT = OriginFit(
    btyd.BgNbd(0.4, 6.0, 0.8, 2.5), pareto_nbd.ParetoNbd(0.5, 6.0, 0.6, 11.0), btyd.GammaGamma(6.0, 3.5, 20.0)
)


def customers(n: int = 200, seed: int = 5) -> Columns:
    """Customers with every column there is; gaps and last year's figures missing where they would be."""
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
