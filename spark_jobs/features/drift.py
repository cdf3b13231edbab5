"""Drift: how much the distribution of the features has changed since training. Pure functions from arrays to
numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spark_jobs.features.columns import Columns

# Features that change little from month to month in a steady shop. Their stability index was at most .12 on Online
# Retail II and .02 on CDNOW, except that of revenue_90, which reached .23 in the months after CDNOW stopped gaining
# customers.
WATCHED = ("days_with_orders", "order_value_mean", "last_order_value", "revenue_90")
ALLOWED = 0.25  # population stability index above which, by the usual rule, a new model is needed
LEAST_SHARE = 1e-4


def reference(columns: Columns) -> dict[str, dict[str, list[float]]]:
    """Returns, for each watched feature, the edges of its deciles and the share of customers between them."""
    found = {}
    for name in WATCHED:
        edges = np.unique(np.quantile(columns[name], np.arange(0.1, 1, 0.1)))
        counts = np.bincount(np.searchsorted(edges, columns[name], side="right"), minlength=len(edges) + 1)
        found[name] = {"edges": edges.tolist(), "shares": (counts / counts.sum()).tolist()}
    return found


def stability_index(then: Sequence[float], now: Sequence[float]) -> float:
    """Returns the population stability index of two lists of shares: the sum of (now - then) * log(now / then) over the
    bins. It is 0 where the lists are equal.

    Source: Siddiqi (2006), Credit Risk Scorecards.
    """
    a, b = np.maximum(then, LEAST_SHARE), np.maximum(now, LEAST_SHARE)
    return float(((b - a) * np.log(b / a)).sum())
