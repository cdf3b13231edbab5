"""Runs of the pipeline. Each run has a number within its date, rows of its own, and a log of its tasks."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

from clv.catalog import tables
from clv.core.errors import ALL_FOUND, ClvError
from clv.core.settings import Settings
from clv.warehouse import db, roles
from clv.warehouse.roles import PUBLISHER

LONGEST_ERROR = 240


def open_run(as_of: date, started_by: str, dag_id: str | None = None) -> str:
    """Opens a run for a date and returns its run_id, such as "2011-06-01.3". Runs opened at the same time get different
    numbers.

    started_by, dag_id: Airflow's ids of the DAG run and of its DAG. Runs of two DAGs may have the same id.
    """
    with db.connect(roles.url(PUBLISHER)) as connection:
        connection.execute("select pg_advisory_xact_lock(%s)", (db.lock_key(f"open_run {as_of}"),))
        (number,) = connection.execute(
            f"select coalesce(max(number), 0) + 1 from {tables.RUNS} where as_of_date = %s",  # noqa: S608 - our own names
            (as_of,),
        ).fetchone()  # type: ignore[misc]
        run_id = f"{as_of.isoformat()}.{number}"
        connection.execute(
            f"insert into {tables.RUNS} (run_id, as_of_date, number, started_by, dag_id) values (%s, %s, %s, %s, %s)",  # noqa: S608 - our own names
            (run_id, as_of, number, started_by, dag_id),
        )
    return run_id


def as_of_date(run_id: str) -> date:
    """The as-of date of a run. Raises ClvError if there is no such run."""
    found = db.rows(f"select as_of_date from {tables.RUNS} where run_id = %s", (run_id,), roles.url(PUBLISHER))  # noqa: S608 - our own names
    if not found:
        raise ClvError(f"there is no run '{run_id}'; `clv runs` lists them")
    return found[0][0]


def opened_on(run_id: str) -> date:
    """The day (UTC) on which a run was opened. Raises ClvError if there is no such run."""
    query = f"select started_at from {tables.RUNS} where run_id = %s"  # noqa: S608 - our own names
    if not (found := db.rows(query, (run_id,), roles.url(PUBLISHER))):
        raise ClvError(f"there is no run '{run_id}'; `clv runs` lists them")
    return found[0][0].astimezone(UTC).date()


def require_unpublished(run_id: str) -> None:
    """Raises ClvError if the run was ever published, since published rows never change, or if there is no such run."""
    as_of = as_of_date(run_id)
    if db.rows(
        f"select 1 from {tables.PUBLICATIONS} where run_id = %s limit 1",  # noqa: S608 - our own names
        (run_id,),
        roles.url(PUBLISHER),
    ):
        raise ClvError(
            f"run {run_id} is published, and published rows never change; "
            f"start a new run with `clv run --as-of {as_of}`"
        )


def latest(as_of: date) -> str | None:
    """The run_id of a date's newest run; None if the date has none."""
    query = f"select run_id from {tables.RUNS} where as_of_date = %s order by number desc limit 1"  # noqa: S608 - our own names
    found = db.rows(query, (as_of,), roles.url(PUBLISHER))
    return found[0][0] if found else None


@dataclass(frozen=True)
class History:
    """A run and its state.

    - state: published (readers of its date see it), replaced (they saw it earlier), removed (it was published, and
      upkeep has deleted its rows), failed, running (neither ended nor failed), or dead (like running, but no step has
      ended since the day before). clv.platform.run_states adds what Airflow knows, and the states waiting and trained.
    - step: the step that ended last
    - error: what stopped the run
    - gate: the gate that stopped the run
    - last_of_its_start: whether Airflow's run `started_by` of `dag_id` opened no later run. A cleared Airflow run opens
      another one.
    """

    run_id: str
    as_of_date: date
    state: str
    step: str | None
    gate: str | None
    error: str | None
    started_at: datetime
    ended_at: datetime | None
    started_by: str
    dag_id: str | None = None
    last_of_its_start: bool = True


PUBLISHED = ("published", "replaced", "removed")


def history(settings: Settings, today: date, limit: int | None = None, as_of: date | None = None) -> list[History]:
    """The runs of all dates, or of one, last started first, with their states on the day `today`."""
    query = f"""
        select
            runs.run_id, runs.as_of_date,
            case
                when runs.run_id in (select run_id from {tables.PUBLICATIONS} where removed_at is not null)
                    then 'removed'
                when newest.run_id is not null then 'published'
                when runs.run_id in (select run_id from {tables.PUBLICATIONS}) then 'replaced'
                when last.error is not null then 'failed'
                when coalesce(last.ended_at, runs.started_at) >= (%(today)s::date - 1)::timestamp at time zone 'UTC'
                    then 'running'
                else 'dead'
            end,
            last.task,
            (
                select min(gate) from {tables.GATE_RESULTS} as judged
                where judged.run_id = runs.run_id and not success and severity = 'critical'
            ),
            last.error, runs.started_at, last.ended_at, runs.started_by, runs.dag_id,
            runs.number = max(runs.number) over (partition by runs.as_of_date, runs.dag_id, runs.started_by)
        from {tables.RUNS} as runs
        left join (
            select distinct on (as_of_date) as_of_date, run_id from {tables.PUBLICATIONS}
            order by as_of_date, publication_id desc
        ) as newest on runs.run_id = newest.run_id
        left join lateral (
            select task, ended_at, facts ->> 'error' as error from {tables.TASK_LOG} as tries
            where tries.run_id = runs.run_id order by ended_at desc limit 1
        ) as last on true
        where %(as_of)s::date is null or runs.as_of_date = %(as_of)s
        order by runs.started_at desc, runs.run_id desc
        limit %(limit)s
    """  # noqa: S608 - our own names
    found = db.rows(query, {"as_of": as_of, "limit": limit, "today": today}, settings.url_as(PUBLISHER))
    return [History(*row) for row in found]


def brief(error: str) -> str:
    """Shortens an error for a list. From a gate's error it keeps the first sentence and the page, without counts,
    examples and remedy. Any other error is cut to 240 characters."""
    counts = re.search(r" \[\w+\.\w+: \w+", error)
    if counts and ALL_FOUND in error:
        return f"{error[: counts.start()]}; {ALL_FOUND}{error.rpartition(ALL_FOUND)[2]}"
    return error if len(error) <= LONGEST_ERROR else f"{error[: LONGEST_ERROR - 1]}…"


def log(run_id: str, task: str, started_at: float | datetime, facts: dict, try_number: int = 1) -> None:
    """Records a finished attempt of a task and its facts. started_at: seconds since 1970, or a time with a zone."""
    if not isinstance(started_at, datetime):
        started_at = datetime.fromtimestamp(started_at, UTC)
    with db.connect(roles.url(PUBLISHER)) as connection:
        connection.execute(
            f"insert into {tables.TASK_LOG} (run_id, task, try_number, started_at, facts) values (%s, %s, %s, %s, %s)",  # noqa: S608 - our own names
            (run_id, task, try_number, started_at, json.dumps(facts, default=str)),
        )
