"""The origins of a training, and the closed windows to learn a horizon from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from spark_jobs.features import outcomes
from spark_jobs.features.columns import Columns
from spark_jobs.io.arrow import columns_of
from spark_jobs.models.anchor import OriginFit

LEAST_DAYS_APART = 25  # least number of days between two origins, so that each adds information
SHORTEST_WINDOW_SHARE = 0.3  # windows shorter than this share of a horizon are not used to learn it


class Total(NamedTuple):
    """Totals over all customers of a closed window: actual revenue, the revenue that the anchor expected, the numbers
    of actual and expected buyers, and the largest revenue of one customer."""

    actual: float
    expected: float
    buyers: int
    expected_buyers: float
    most: float = 0.0


@dataclass(frozen=True)
class Origin:
    """A past date: the anchor fitted at that date, and the totals of each window (days) that has closed."""

    fit: OriginFit
    totals: dict[int, Total]


def customers(rows: pa.RecordBatch) -> Columns:
    """Returns the numeric columns and the customer_key of rows."""
    return {**columns_of(rows), "customer_key": np.array(rows.column("customer_key").to_pylist(), dtype=object)}


def snapshots(origins: dict[date, Origin], horizon_days: int, by: date, latest: int) -> list[tuple[date, int]]:
    """Returns the (origin, window) pairs to learn a horizon from: for each window of at least SHORTEST_WINDOW_SHARE of
    the horizon, the `latest` origins whose window had closed by a date."""
    windows = {w for origin in origins.values() for w in origin.totals}
    return [
        (day, window)
        for window in sorted(windows)
        if SHORTEST_WINDOW_SHARE * horizon_days <= window <= horizon_days
        for day in latest_closed(origins, window, by, latest)
    ]


def latest_closed(origins: dict[date, Origin], window: int, by: date, latest: int) -> list[date]:
    """Returns the latest origins whose window had closed by a date, oldest first."""
    closed = [day for day in origins if window in origins[day].totals and outcomes.end(day, window) <= by]
    return spaced(closed)[-latest:]


def spaced(days: Iterable[date]) -> list[date]:
    """Selects days that lie at least LEAST_DAYS_APART days apart, beginning with the latest. Returns them oldest
    first."""
    found: list[date] = []
    for day in sorted(days, reverse=True):
        if not found or (found[-1] - day).days >= LEAST_DAYS_APART:
            found.append(day)
    return found[::-1]
