"""The origins of a training, and the closed windows to learn a horizon from."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame

from spark_jobs.features import outcomes
from spark_jobs.features.columns import Columns
from spark_jobs.io.arrow import columns_of
from spark_jobs.models import anchor
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


def drawn(rows: pa.RecordBatch, day: date, most: int) -> pa.RecordBatch:
    """Draws up to `most` of a date's customers. rows: in the order of the key. The draw depends on their number and the
    date alone."""
    if rows.num_rows <= most:
        return rows
    chosen = np.random.default_rng(day.toordinal()).choice(rows.num_rows, most, replace=False)
    return rows.take(pa.array(np.sort(chosen)))


def customers(rows: pa.RecordBatch) -> Columns:
    """Returns the numeric columns and the customer_key of rows."""
    return {**columns_of(rows), "customer_key": np.array(rows.column("customer_key").to_pylist(), dtype=object)}


def fit_origins(features: DataFrame) -> dict[date, Origin]:
    """Fits the anchor at each as_of_date of the rows, each in a Spark task."""

    def fit(table: pa.Table) -> pa.Table:
        found = anchor.fit_origin(columns_of(_in_order(table)))
        as_of_date = table.column("as_of_date")[0].as_py()
        return pa.table({"as_of_date": [as_of_date], "fit": [json.dumps(found.as_json())]})

    needed = features.select("as_of_date", "customer_key", "days_with_orders", "recency", "t", "order_value_mean")
    rows = needed.groupBy("as_of_date").applyInArrow(fit, "as_of_date date, fit string").collect()
    return {row.as_of_date: Origin(OriginFit.from_json(json.loads(row.fit)), {}) for row in rows}


def panel(features: DataFrame, most: int) -> dict[date, Columns]:
    """Draws up to `most` customers at each as_of_date of the rows, each date in a Spark task."""

    def draw(table: pa.Table) -> pa.Table:
        return pa.Table.from_batches([drawn(_in_order(table), table.column("as_of_date")[0].as_py(), most)])

    found = features.groupBy("as_of_date").applyInArrow(draw, features.schema).toArrow()
    days = sorted(found.column("as_of_date").unique().to_pylist())
    return {day: customers(_in_order(found.filter(pc.field("as_of_date") == day))) for day in days}


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


def _in_order(table: pa.Table) -> pa.RecordBatch:
    return table.sort_by("customer_key").combine_chunks().to_batches()[0]
