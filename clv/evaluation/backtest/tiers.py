"""Assigns a backtest's customers to value tiers, by the seed that customer_clv uses too."""

from __future__ import annotations

import csv
from functools import cache

import numpy as np

from clv.core.settings import PROJECT

SEED = PROJECT / "dbt_project" / "seeds" / "value_tiers.csv"


@cache
def ends() -> dict[str, float]:
    """The tiers, the most valuable first: a label ("top 5 %"; "rest" for the last), and the share of customers at which
    the tier ends, counted from the most valuable customer."""
    with SEED.open(encoding="utf-8", newline="") as file:
        percents = sorted(float(row["top_percent"]) for row in csv.DictReader(file))
    return {f"top {percent:g} %" if percent < 100 else "rest": percent / 100 for percent in percents}


def of(value: np.ndarray) -> np.ndarray:
    """Each customer's tier, as a position in `ends`, by the share of customers with a higher value. Customers of equal
    value rank in the given order. value: predicted money, shape (n,)."""
    above = np.argsort(np.argsort(-value, kind="stable"), kind="stable") / max(len(value), 1)
    return np.searchsorted(list(ends().values())[:-1], above, side="right")
