"""Runs of the daily pipeline: each has a number within its date, rows of its own, and a log of its tasks."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

from clv import roles, tables, warehouse
from clv.errors import ClvError
from clv.roles import PUBLISHER


def open_run(as_of: date, started_by: str) -> str:
    """Opens a run for a date and returns its run_id, such as "2011-06-01.3". Safe when two open at once."""
    with warehouse.connect(roles.url(PUBLISHER)) as connection:
        connection.execute("select pg_advisory_xact_lock(%s)", (warehouse.lock_key(f"open_run {as_of}"),))
        (number,) = connection.execute(
            f"select coalesce(max(number), 0) + 1 from {tables.RUNS} where as_of_date = %s", (as_of,)
        ).fetchone()  # type: ignore[misc]
        run_id = f"{as_of.isoformat()}.{number}"
        connection.execute(
            f"insert into {tables.RUNS} (run_id, as_of_date, number, started_by) values (%s, %s, %s, %s)",
            (run_id, as_of, number, started_by),
        )
    return run_id


def as_of_date(run_id: str) -> date:
    """The date a run is for. Raises ClvError when no such run was opened."""
    found = warehouse.rows(f"select as_of_date from {tables.RUNS} where run_id = %s", (run_id,), roles.url(PUBLISHER))
    if not found:
        raise ClvError(f"there is no run '{run_id}'; start one with `clv run --as-of DATE`")
    return found[0][0]


def require_unpublished(run_id: str) -> None:
    """Raises ClvError when the run was ever published (its rows never change) or was never opened."""
    as_of = as_of_date(run_id)
    if warehouse.rows(
        f"select 1 from {tables.PUBLICATIONS} where run_id = %s limit 1", (run_id,), roles.url(PUBLISHER)
    ):
        raise ClvError(
            f"run {run_id} is published, and published rows never change; "
            f"start a new run with `clv run --as-of {as_of}`"
        )


def latest(as_of: date) -> str | None:
    """The run_id of the date's newest run, None when it has none."""
    query = f"select run_id from {tables.RUNS} where as_of_date = %s order by number desc limit 1"
    found = warehouse.rows(query, (as_of,), roles.url(PUBLISHER))
    return found[0][0] if found else None


def log(run_id: str, task: str, started_at: float | datetime, facts: dict, try_number: int = 1) -> None:
    """Notes a finished try of a task and what it read and wrote; `started_at` in seconds since 1970 or aware."""
    if not isinstance(started_at, datetime):
        started_at = datetime.fromtimestamp(started_at, UTC)
    with warehouse.connect(roles.url(PUBLISHER)) as connection:
        connection.execute(
            f"insert into {tables.TASK_LOG} (run_id, task, try_number, started_at, facts) values (%s, %s, %s, %s, %s)",
            (run_id, task, try_number, started_at, json.dumps(facts, default=str)),
        )
