"""How good the day of the next order was: the share of customers who ordered by it, and how far off it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binom

from clv.evaluation.backtest import tiers

COLUMNS = ["days_to_next_order", "rhythm_days", "actual_days_to_next_order", "followed_days", "predicted_mean"]
DECILES = 10
RIGHT = (0.42, 0.58)  # shares that count as the half that a median promises
CHANCE = 0.05  # of a share as far outside, were its border the truth: from it on, luck explains the share


def next_order(frame: pd.DataFrame) -> dict[str, Any] | None:
    """Of the customers whose day had come by the last order of the file: the share who ordered by their day (see
    `group`), also by origin, by value tier and by tenth of the days ahead, shortest first, and the mean absolute error
    in days beside that of the baseline, the last order plus the customer's own mean gap.

    Where no order followed, or no day within what followed is predicted, the end of what followed stands in on both
    sides: the median of a time cut off at an end is its own median cut off there. The baseline's day is the origin
    where it lies before it; errors are of customers with a gap. frame: COLUMNS and origin, one row per customer and
    origin; None without any such customer, or in a frame without these columns.
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
    """How many customers a group has, the share of them who ordered by their day, and whether it lies outside RIGHT,
    and by more than chance: a binomial test of the border that it lies beyond.

    The test takes customers as independent. What they share, such as a season that was missed, is no chance to it.
    ordered: 1 or 0, one customer each.
    """
    customers, who = len(ordered), int(ordered.sum())
    share, (low, high) = who / customers, RIGHT
    luck = binom.cdf(who, customers, low) if share < low else binom.sf(who - 1, customers, high)
    outside = not low <= share <= high
    return {
        "customers": customers, "ordered_by_it": share,
        "outside": outside, "beyond_chance": bool(outside and luck < CHANCE),
    }  # fmt: skip


def _mean(errors: pd.Series) -> float | None:
    return float(errors.mean()) if len(errors) else None
