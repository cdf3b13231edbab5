"""Drift: how much the distribution of features has changed since training. Pure: arrays in, numbers out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spark_jobs.features.columns import Columns

# Features that change little from month to month in a steady shop: by .12 at most on Online Retail II and .02 on CDNOW,
# except revenue_90 (.23) in the months after CDNOW had no more new customers.
WATCHED = ("days_with_orders", "order_value_mean", "last_order_value", "revenue_90")
ALLOWED = 0.25  # of the population stability index: the usual bound above which a new model is needed
LEAST_SHARE = 1e-4


def reference(columns: Columns) -> dict[str, dict[str, list[float]]]:
    """Per watched feature, the borders of its deciles and the share of customers between them."""
    found = {}
    for name in WATCHED:
        edges = np.unique(np.quantile(columns[name], np.arange(0.1, 1, 0.1)))
        counts = np.bincount(np.searchsorted(edges, columns[name], side="right"), minlength=len(edges) + 1)
        found[name] = {"edges": edges.tolist(), "shares": (counts / counts.sum()).tolist()}
    return found


def stability_index(then: Sequence[float], now: Sequence[float]) -> float:
    """Population stability index of two tables of shares, sum of (now - then) * log(now / then) over the bins (Siddiqi
    2006, Credit Risk Scorecards); 0 where they are equal."""
    a, b = np.maximum(then, LEAST_SHARE), np.maximum(now, LEAST_SHARE)
    return float(((b - a) * np.log(b / a)).sum())
