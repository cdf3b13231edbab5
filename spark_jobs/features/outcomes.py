"""Outcomes after an origin, as features.training_examples has them. All Spark jobs read them here."""

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
    """The outcomes of the windows (days), as columns of our own, and the SQL of each."""
    return {f"{what}_next_{days}": f"{what}_next->>'{days}'" for days in windows for what in ("orders", "revenue")}


def known(rows: Columns, window_days: int) -> Array:
    """Whether the window was closed when the rows were made, shape (n,)."""
    return ~np.isnan(rows[f"orders_next_{window_days}"])


def bought(rows: Columns, window_days: int) -> Array:
    """1.0 for customers with a purchase day in the window, else 0.0, shape (n,)."""
    return (rows[f"orders_next_{window_days}"] > 0).astype(float)


def spent(rows: Columns, window_days: int) -> Array:
    """Revenue within the window less refunds, at least 0, shape (n,)."""
    return rows[f"revenue_next_{window_days}"]


def end(origin: date, window_days: int) -> date:
    """The first day after an origin's window; the window is closed by this day."""
    return origin + timedelta(days=window_days)


def refuse_open_windows(training_date: date, run_id: str, settings: Settings) -> None:
    """Raises ClvError if an outcome of a window that ends after the training date is known, or an origin lies after it:
    that would be the future."""
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
            f"{tables.TRAINING_EXAMPLES} knows what {count} customers did in the {days} days from {origin}, which "
            f"are not over by {training_date}; build the layer 'training' for {training_date} again"
        )
