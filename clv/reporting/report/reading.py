"""Reads a published run for the sections: all in one snapshot, each row as a dict."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

from clv.catalog import tables
from clv.warehouse import db, publication, roles
from clv.warehouse.roles import PUBLISHER

RUNS = tables.ANALYTICS_RUNS
SLICE = "where as_of_date = %(as_of)s and run_id = %(run_id)s"

_TOTALS = f"""
    select
        count(*) as customers,
        count(*) filter (where status = 'scored') as scored,
        count(*) filter (where orders_count >= 1) as buyers,
        count(*) filter (where orders_count >= 2) as repeat_buyers,
        sum(historic_revenue) as historic_revenue,
        min(first_order_on) as first_order_on,
        max(horizon_days) as horizon_days,
        max(profit_basis) as profit_basis,
        string_agg(distinct status_reason, '; ') as reasons,
        coalesce(nullif(max(currency), 'XXX'), 'the shop''s currency') as currency
    from {RUNS}.customer_clv {SLICE}
"""  # noqa: S608 - our own names
_GROUPS = f"""
    select
        coalesce({{column}}, 'no forecast') as name,
        count(*) as customers,
        sum(historic_revenue) as historic_revenue,
        sum(predicted_clv) as predicted_clv,
        sum(predicted_clv) / nullif(sum(sum(predicted_clv)) over (), 0) as share
    from {RUNS}.customer_clv {SLICE}
    group by 1
    order by avg(predicted_clv) desc nulls last, customers desc
"""  # noqa: S608 - our own SQL; values are bound or quoted


@dataclass(frozen=True)
class Run:
    """A published run. `rows` runs a query in which %(as_of)s and %(run_id)s are the run's (see SLICE); `totals` are
    the shop's numbers that several sections show."""

    publication: publication.Publication
    rows: Callable[..., list[dict]]
    totals: dict[str, Any]

    @property
    def currency(self) -> str:
        return self.totals["currency"]


@contextmanager
def snapshot(published: publication.Publication) -> Iterator[Run]:
    """Reads the run in one transaction, so that later writes do not affect what the sections see."""
    with db.connect(roles.url(PUBLISHER)) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True

        def rows(query: str, **more: object) -> list[dict]:
            parameters = {"as_of": published.as_of_date, "run_id": published.run_id, **more}
            with connection.cursor(row_factory=dict_row) as cursor:
                return cursor.execute(query, parameters).fetchall()  # type: ignore[arg-type]

        yield Run(published, rows, rows(_TOTALS)[0])


def groups(run: Run, column: str) -> list[dict]:
    """Customers grouped by a column of customer_clv, with revenue and share of predicted value, the most valuable group
    first."""
    return run.rows(_GROUPS.format(column=column))
