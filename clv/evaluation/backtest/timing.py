"""Measures the predicted day of the next order: the share of customers who had ordered by that day, and the error in
days."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binom

from clv.evaluation.backtest import tiers

COLUMNS = ["days_to_next_order", "rhythm_days", "actual_days_to_next_order", "followed_days", "predicted_mean"]
DECILES = 10
ABOUT_HALF = (0.42, 0.58)  # shares of customers that count as one half, which the median promises
SIGNIFICANCE = 0.05  # significance level of the test in `group`


def next_order(frame: pd.DataFrame) -> dict[str, Any] | None:
    """Compares the predicted day of the next order with the actual one, for customers whose predicted day lies before
    the end of the data.

    Returns the share of customers who ordered by their day (see `group`), also by origin, by value tier and by decile
    of the predicted days (shortest first), and the mean absolute error in days beside that of a baseline: the last
    order plus the customer's own mean gap.

    Errors are censored at the end of the data: a predicted or actual day after it, and a missing actual, count as the
    end. The median of a censored time is the censored median, so this does not bias the comparison. A baseline's day
    before the origin counts as the origin. Customers without a mean gap have no error.

    frame: COLUMNS and origin, one row per customer and origin. Returns None if no customer qualifies or if a column is
    missing.
    """
    if not set(COLUMNS) <= set(frame):
        return None
    rows = frame.loc[frame["predicted_mean"].notna(), ["origin", *COLUMNS]].copy()
    rows["tier"] = rows.groupby("origin")["predicted_mean"].transform(lambda value: tiers.of(value.to_numpy(float)))
    rows = rows.loc[rows["days_to_next_order"] < rows["followed_days"]]
    if rows.empty:
        return None
    end = rows["followed_days"]
    actual, ahead = rows["actual_days_to_next_order"], rows["days_to_next_order"]
    rows["ordered"] = (actual <= ahead).astype(float)
    decile = np.ceil(ahead.rank(method="first", pct=True) * DECILES).astype(int)
    known = rows["rhythm_days"].notna()
    actual_days = actual.fillna(np.inf).clip(upper=end)
    names = list(tiers.ends())
    return {
        **group(rows["ordered"]),
        "by_origin": {str(day)[:10]: group(found) for day, found in rows.groupby("origin")["ordered"]},
        "by_tier": {names[int(tier)]: group(found) for tier, found in rows.groupby("tier")["ordered"]},  # type: ignore[arg-type]
        "by_tenth": [group(found) for _, found in rows.groupby(decile)["ordered"]],
        "mean_absolute_error": _mean((ahead - actual_days).abs()[known]),
        "baseline_mean_absolute_error": _mean((rows["rhythm_days"].clip(0, end) - actual_days).abs()[known]),
    }


def group(ordered: pd.Series) -> dict[str, Any]:
    """Counts a group's customers and the share of them who ordered by their day. Also returns whether the share lies
    outside ABOUT_HALF, and whether by more than chance.

    The chance is that of a one-sided binomial test against the bound of ABOUT_HALF that the share exceeds. The test
    assumes independent customers, so an effect that all of them share, such as a missed season, also appears as more
    than chance. ordered: 1 or 0 per customer.
    """
    customers, in_time = len(ordered), int(ordered.sum())
    share, (low, high) = in_time / customers, ABOUT_HALF
    p_value = binom.cdf(in_time, customers, low) if share < low else binom.sf(in_time - 1, customers, high)
    outside = not low <= share <= high
    return {
        "customers": customers, "ordered_by_it": share,
        "outside": outside, "beyond_chance": bool(outside and p_value < SIGNIFICANCE),
    }  # fmt: skip


def _mean(errors: pd.Series) -> float | None:
    return float(errors.mean()) if len(errors) else None
