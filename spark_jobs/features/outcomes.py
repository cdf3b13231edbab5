"""The outcomes that followed each origin, as features.training_examples stores them. All Spark jobs read outcomes
through this module."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import numpy as np

from clv.catalog import tables
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.warehouse import db
from clv.warehouse.roles import MODELLER
from spark_jobs.features.columns import Array, Columns


def columns(windows: Iterable[int]) -> dict[str, str]:
    """Maps the name of each outcome column, such as orders_next_90, to the SQL that reads the column from the stored
    JSON. windows: days."""
    return {f"{what}_next_{days}": f"{what}_next->>'{days}'" for days in windows for what in ("orders", "revenue")}


def known(rows: Columns, window_days: int) -> Array:
    """Returns which rows have an outcome, shape (n,): those whose window was closed when the rows were built."""
    return ~np.isnan(rows[f"orders_next_{window_days}"])


def bought(rows: Columns, window_days: int) -> Array:
    """Returns 1.0 for each customer with a purchase day in the window, else 0.0, shape (n,)."""
    return (rows[f"orders_next_{window_days}"] > 0).astype(float)


def spent(rows: Columns, window_days: int) -> Array:
    """Returns the revenue less refunds within the window, shape (n,), at least 0."""
    return rows[f"revenue_next_{window_days}"]


def end(origin: date, window_days: int) -> date:
    """Returns the first day after the window that starts at an origin. The window is closed by this day."""
    return origin + timedelta(days=window_days)


def refuse_open_windows(training_date: date, run_id: str, settings: Settings) -> None:
    """Raises ClvError if the training examples contain an outcome of a window that ends after the training date, or an
    origin after that date: such a row would leak the future into training."""
    query = f"""
        select as_of_date, days::integer, count(distinct customer_key) from {tables.TRAINING_EXAMPLES}
        cross join lateral (
            select * from jsonb_each(orders_next) union all select * from jsonb_each(revenue_next)
        ) as followed (days, outcome)
        where training_date = %(day)s and run_id = %(run_id)s
            and (outcome <> 'null' and as_of_date + days::integer > %(day)s or as_of_date > %(day)s)
        group by 1, 2 order by 1, 2 limit 1
    """  # noqa: S608 - our own names
    found = db.rows(query, {"day": training_date, "run_id": run_id}, settings.url_as(MODELLER))
    for origin, days, count in found:
        raise ClvError(
            f"{tables.TRAINING_EXAMPLES} contains outcomes of {count} customers in the {days} days from {origin}, "
            f"which are not over by {training_date}; build the layer 'training' for {training_date} again"
        )
