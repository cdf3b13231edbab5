"""Upkeep: deletes rows and files that nobody reads any more, in small transactions that do not block readers or
publishers.

Kept whole are all runs that were active within `keep_days`, and for each date the published run and the one published
before it. Of published runs older than the newest `keep_dates` dates, only the tables with a history are kept. With
`daily_history_days` in shop.json, nothing is kept of dates that are thinned out (clv.core.dates.thinned_out), once no
run of theirs was active within `keep_days`. A run's page of gates is kept as long as any of its rows, and a date's
pages as long as its published rows.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

import psycopg

from clv.catalog import published, tables
from clv.core import dates, settings
from clv.evaluation import external_scorecard, scorecard
from clv.privacy import retention
from clv.reporting import gates, report
from clv.warehouse import db, locks, publication

KEEP_DAYS = 7
KEEP_DATES = 3

# Only the run itself reads these tables, so their rows of older dates are deleted even if the run may be published
# again.
WORKING_TABLES = (
    tables.CUSTOMER_FEATURES,
    tables.TRAINING_EXAMPLES,
    tables.CUSTOMER_PREDICTIONS,
    tables.BASELINE_PREDICTIONS,
    tables.NEW_CUSTOMERS,
    tables.CUSTOMER_SEGMENTS_BEFORE,
    tables.CUSTOMER_ORDERS,
    tables.CUSTOMER_STANDINGS,
    tables.COHORT_ORDERS,
    tables.PROFIT_MARGIN,
    tables.CHANNEL_SPEND_BEFORE,
    tables.CHANNEL_MONTH_SPEND,
)


class Limits(NamedTuple):
    """What is kept: runs active since `since`, all tables of the newest `keep_dates` dates, and every published date of
    the newest `daily` days (None: of all days)."""

    since: datetime
    keep_dates: int
    daily: int | None


def run(keep_days: int = KEEP_DAYS, keep_dates: int = KEEP_DATES, today: date | None = None) -> dict:
    """Deletes superseded slices, published dates that are thinned out, and files untouched for `keep_days`; returns how
    many rows and files were deleted, and the published dates.

    May run at any time: the rows of each run are deleted in one transaction, which waits for publishers and then checks
    again that the run is superseded.
    """
    since = datetime.combine(today or dates.today(), time(), UTC) - timedelta(days=keep_days)
    home = settings.load()
    limits = Limits(since, keep_dates, home.shop.daily_history_days)
    gone = publication.removed_dates()
    with db.connect() as connection:
        candidates = _removable(connection, limits)
        states = _runs_to_keep(connection, limits)
        thinned = _thinned_out(connection, limits)
    if thinned - gone:
        scorecard.measure()  # a forecast cannot be measured once it is removed
        external_scorecard.measure()
    rows = {}
    for run_id in candidates:
        for table, count in _remove(run_id, limits).items():
            rows[table] = rows.get(table, 0) + count
    rows |= _remove_versions()
    removed = publication.removed_dates()
    kept_for = home.shop.retention_days
    personal = retention.run(home, (today or dates.today()) - timedelta(days=kept_for)) if kept_for else {}
    return {
        **({"personal": personal} if kept_for else {}),
        "dates": [day.isoformat() for day in sorted(removed - gone)],
        "runs": len(candidates),
        "rows": rows,
        "build_files": _remove_files(home.home / "dbt", since),
        "spark_files": _remove_files(home.home / "spark", since),  # left by killed sessions
        "scratch_files": _remove_files(home.home / "tmp", since),
        "log_files": _remove_files(home.airflow_home / "logs", since),
        "gates_pages": gates.remove((name for name, active, kept, _ in states if not active and not kept), home),
        "pages": report.remove(removed, home),
        # Written by gates of earlier versions, which had no pages of their own.
        "data_docs": _remove_files(home.reports / "data_docs", since),
    }


def _remove(run_id: str, limits: Limits) -> dict[str, int]:
    """Deletes the removable slices of one run in one transaction; returns the rows deleted per table."""
    removed = {}
    with db.connect() as connection:
        connection.execute("select pg_advisory_xact_lock(%s)", (db.lock_key(locks.PUBLISH),))
        for table in _removable(connection, limits, run_id).get(run_id, ()):
            removed[table] = _delete(connection, table, run_id)
            connection.execute(
                "insert into ops.removed_slices (run_id, table_name, rows_removed) values (%s, %s, %s)",
                (run_id, table, removed[table]),
            )
        if removed.keys() & with_history():
            publication.mark_removed(run_id, connection)
    return removed


def _remove_versions() -> dict[str, int]:
    """Deletes superseded versions of orders and order lines that no kept run reads; returns how many per table."""
    of_dates = "and states.as_of_date >= versions.from_date and (states.as_of_date < until_date or until_date is null)"
    removed = {}
    # Hold the build lock: a build first writes the versions and only then records the state of staging that its run
    # reads.
    with db.lock(locks.BUILD), db.connect() as connection:
        for table, read in ((tables.INT_ORDER_LINE_VERSIONS, ""), (tables.INT_ORDER_VERSIONS, of_dates)):
            if _exists(connection, table) and _exists(connection, tables.ORDER_LINE_STATES):
                removed[table] = connection.execute(f"""
                    delete from {table} as versions
                    where until_state is not null and not exists (
                        select from {tables.ORDER_LINE_STATES} as states
                        where states.state >= versions.from_state and states.state < versions.until_state {read}
                    )
                """).rowcount  # type: ignore[arg-type]  # noqa: S608 - our own names
    return {table: count for table, count in removed.items() if count}


def _delete(connection: psycopg.Connection, table: str, run_id: str) -> int:
    query = f"delete from {table} where run_id = %(run_id)s"  # noqa: S608 - our own SQL; values are bound or quoted
    if table != tables.TRAINING_EXAMPLES:  # training examples are dated by the training date, not by the run's date
        query += f" and as_of_date = (select as_of_date from {tables.RUNS} where run_id = %(run_id)s)"  # noqa: S608 - our own names
    return connection.execute(query, {"run_id": run_id}).rowcount  # type: ignore[arg-type]


def _runs_to_keep(
    connection: psycopg.Connection, limits: Limits, run_id: str | None = None
) -> list[tuple[str, bool, bool, bool]]:
    """For each run, or for one: run_id, whether it was active since the limit, whether it is one of the two kept for
    its date, and whether its date is one of the newest. Of a date's two runs, the one that readers see comes last, so
    that they see the date until the other is removed too."""
    query = f"""
        with published as (
            select as_of_date, run_id, max(publication_id) as publication_id
            from {tables.PUBLICATIONS}
            group by as_of_date, run_id
        ),
        ranked as (
            select
                run_id,
                row_number() over (partition by as_of_date order by publication_id desc) as rank_in_date,
                dense_rank() over (order by as_of_date desc) as rank_of_date
            from published
        ),
        activity as (
            select run_id, max(ended_at) as ended_at from {tables.TASK_LOG} group by run_id
        ),
        known as (
            select
                runs.*,
                ranked.rank_in_date,
                ranked.rank_of_date,
                greatest(runs.started_at, activity.ended_at) >= %(since)s as active
            from {tables.RUNS} as runs
            left join ranked on ranked.run_id = runs.run_id
            left join activity on activity.run_id = runs.run_id
        ),
        judged as (
            select
                *,
                coalesce(rank_in_date <= 2, false)
                    and (as_of_date <> all(%(thinned)s::date[]) or bool_or(active) over (partition by as_of_date))
                    as protected,
                coalesce(rank_of_date <= %(keep_dates)s, false) as recent_date
            from known
        )
        select run_id, active, protected, recent_date
        from judged
        where %(run_id)s::text is null or run_id = %(run_id)s
        order by as_of_date, rank_in_date desc, number
    """  # noqa: S608 - our own names
    thinned = list(_thinned_out(connection, limits))
    values = {"since": limits.since, "keep_dates": limits.keep_dates, "run_id": run_id, "thinned": thinned}
    return connection.execute(query, values).fetchall()


def _thinned_out(connection: psycopg.Connection, limits: Limits) -> set[date]:
    """The published dates of which no rows are kept, and those of which none are left."""
    published_dates = connection.execute(f"select distinct as_of_date from {tables.PUBLICATIONS}").fetchall()  # noqa: S608 - our own names
    return dates.thinned_out({day for (day,) in published_dates}, limits.daily)


def _removable(connection: psycopg.Connection, limits: Limits, run_id: str | None = None) -> dict[str, list[str]]:
    """By run, the tables whose slices may be deleted and are not deleted yet."""
    latest = latest_only()
    present = [table for table in (*WORKING_TABLES, *latest, *with_history()) if _exists(connection, table)]
    gone = set(connection.execute("select run_id, table_name from ops.removed_slices").fetchall())
    removable = {}
    for name, active, protected, recent_date in _runs_to_keep(connection, limits, run_id):
        if protected:
            may_go = () if recent_date else latest if active else (*WORKING_TABLES, *latest)
        else:
            may_go = () if active else present
        if chosen := [table for table in present if table in may_go and (name, table) not in gone]:
            removable[name] = chosen
    return removable


def latest_only() -> list[str]:
    """Tables that readers see at the latest published date only."""
    of_runs = [f"{tables.ANALYTICS_RUNS}.{name}" for name, table in published.tables().items() if not table.history]
    return [*of_runs, tables.ORDER_LINE_STATES, tables.ORDERS_OF_EARLIER_RUNS]


def with_history() -> list[str]:
    """Tables that readers see at every published date."""
    return [f"{tables.ANALYTICS_RUNS}.{name}" for name, table in published.tables().items() if table.history]


def _exists(connection: psycopg.Connection, table: str) -> bool:
    """Whether there is a table, not a view, of this name."""
    query = "select exists (select from pg_class where oid = to_regclass(%s) and relkind = 'r')"
    return connection.execute(query, (table,)).fetchone()[0]  # type: ignore[index]


def _remove_files(folder: Path, since: datetime) -> int:
    """Deletes files and links last written before `since`, and folders empty since then; returns how many files.

    Files that another process removes or writes at the same time are skipped.
    """
    removed = 0
    for path, folders, files in os.walk(folder, topdown=False, followlinks=False):
        here = Path(path)
        for name in files + [name for name in folders if (here / name).is_symlink()]:
            with suppress(OSError):
                if (here / name).lstat().st_mtime < since.timestamp():
                    (here / name).unlink()
                    removed += 1
        with suppress(OSError):
            if here != folder and here.stat().st_mtime < since.timestamp() and not any(here.iterdir()):
                here.rmdir()
    return removed
