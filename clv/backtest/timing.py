"""How good the day of the next order was: the share of customers who ordered by it, and how far off it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

COLUMNS = ["days_to_next_order", "rhythm_days", "actual_days_to_next_order", "followed_days", "predicted_mean"]
TIERS = {"top 1 %": 0.01, "top 5 %": 0.05, "top 10 %": 0.1, "top 25 %": 0.25, "top 50 %": 0.5, "rest": 1.0}
TENTHS = 10


def next_order(frame: pd.DataFrame) -> dict[str, Any] | None:
    """Of the customers whose day had come by the last order of the file: how many there are, the share who ordered by
    their day, also by origin, by value tier and by tenth of the days ahead, shortest first, and the mean absolute
    error in days beside that of the baseline, the last order plus the customer's own mean gap.

    Where no order followed, or no day within what followed is predicted, the end of what followed stands in on both
    sides: the median of a time cut off at an end is its own median cut off there. The baseline's day is the origin
    where it lies before it; errors are of customers with a gap. frame: COLUMNS and origin, one row per customer and
    origin; None without any such customer, or in a frame without these columns.
    """
    if not set(COLUMNS) <= set(frame):
        return None
    rows = frame[["origin", *COLUMNS]].copy()
    ranks = rows.groupby("origin")["predicted_mean"].rank(ascending=False, method="first", pct=True)
    rows["tier"] = np.searchsorted(list(TIERS.values()), ranks - 1e-12)
    rows = rows.loc[rows["days_to_next_order"] < rows["followed_days"]]
    if rows.empty:
        return None
    end = rows["followed_days"]
    actual, ahead = rows["actual_days_to_next_order"], rows["days_to_next_order"]
    rows["ordered"] = (actual <= ahead).astype(float)
    tenth = np.ceil(ahead.rank(method="first", pct=True) * TENTHS).astype(int)
    known = rows["rhythm_days"].notna()
    came = actual.fillna(np.inf).clip(upper=end)
    names = list(TIERS)
    return {
        "customers": len(rows),
        "ordered_by_it": float(rows["ordered"].mean()),
        "by_origin": {str(day)[:10]: float(share) for day, share in rows.groupby("origin")["ordered"].mean().items()},
        "by_tier": {names[int(tier)]: float(share) for tier, share in rows.groupby("tier")["ordered"].mean().items()},  # type: ignore[arg-type]
        "by_tenth": [float(share) for share in rows.groupby(tenth)["ordered"].mean()],
        "mean_absolute_error": _mean((ahead - came).abs()[known]),
        "baseline_mean_absolute_error": _mean((rows["rhythm_days"].clip(0, end) - came).abs()[known]),
    }


def _mean(errors: pd.Series) -> float | None:
    return float(errors.mean()) if len(errors) else None
