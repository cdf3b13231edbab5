"""Checks whether intervals of sums covered the actual sums: for the whole shop and for each value tier."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from clv.evaluation.backtest import tiers
from spark_jobs.ensemble import totals

COLUMNS = ["predicted_mean", "own_spread", "total_spread", "group_spread", "actual_amount"]


def of_groups(frame: pd.DataFrame) -> dict[str, Any] | None:
    """By origin: the predicted and the actual sum, the bounds of the interval, and the number of value tiers whose
    interval covered the actual sum.

    frame: COLUMNS and origin, one row per customer and origin. Returns None if no customer is scored or if a column is
    missing.
    """
    if not set(COLUMNS) <= set(frame):
        return None
    scored = frame.dropna(subset=COLUMNS)
    return {str(day)[:10]: _of_origin(rows) for day, rows in scored.groupby("origin")} or None


def _of_origin(rows: pd.DataFrame) -> dict[str, Any]:
    value, own, _, _, actual = (rows[name].to_numpy(float) for name in COLUMNS)
    total, group = float(rows["total_spread"].iloc[0]), float(rows["group_spread"].iloc[0])
    low, high = totals.bounds(value, own, total)
    tier = tiers.of(value)
    covered = []
    for customers in (tier == number for number in range(len(tiers.ends()))):
        if customers.any():
            ends = totals.bounds(value[customers], own[customers], float(np.hypot(total, group)))
            covered.append(ends[0] <= actual[customers].sum() <= ends[1])
    return {
        "predicted": value.sum(), "low": low, "high": high, "actual": actual.sum(),
        "held": bool(low <= actual.sum() <= high), "tiers": len(covered), "tiers_held": int(np.sum(covered)),
    }  # fmt: skip
