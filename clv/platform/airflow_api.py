"""Starts runs and backfills through Airflow's REST API, waits for them and shows their progress."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime

from rich.console import Console
from rich.live import Live
from rich.table import Table

from clv.catalog import tables
from clv.core import dates, settings
from clv.core.errors import ClvError, Unavailable
from clv.platform import airflow_state, headline
from clv.platform.airflow_session import Airflow
from clv.warehouse import db, roles

DAG = airflow_state.DAILY
ENDED = ("success", "failed")
POLL_SECONDS = 2.0
SECONDS_TO_CLOSE_A_BACKFILL = 90.0
PAUSES = (1.0, 5.0, 15.0)  # seconds to wait between attempts while Airflow does not answer


@dataclass(frozen=True)
class Run:
    """One DAG run: its date, its id in Airflow, its state, and the state of each task by name."""

    as_of: date
    dag_run_id: str
    state: str
    tasks: dict[str, str]


def trigger(airflow: Airflow, as_of: date, force_retrain: bool = False) -> str:
    """Starts a run for a date and returns its id. Each call starts a new run."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    body = {
        "dag_run_id": f"{as_of}__manual__{stamp}",  # Airflow's list of runs shows only the beginning: the date
        "logical_date": None,
        "conf": {"as_of_date": as_of.isoformat(), "force_retrain": force_retrain},
    }
    return airflow.call("POST", f"/dags/{DAG}/dagRuns", json=body)["dag_run_id"]


def start_backfill(airflow: Airflow, first: date, last: date, backwards: bool = False) -> list[str]:
    """Starts an Airflow backfill of each day from first to last; returns the ids of its runs.

    Days with an earlier run are run again. A day whose run has not ended keeps that run. Raises ClvError with the days
    for which Airflow made no run.
    """
    body = {
        "dag_id": DAG,
        "from_date": f"{first}T00:00:00Z",
        "to_date": f"{last}T00:00:00Z",
        "run_backwards": backwards,
        "max_active_runs": 2,
        "reprocess_behavior": "completed",
    }
    _create_backfill(airflow, body)
    runs = {run["logical_date"][:10]: run["dag_run_id"] for run in _runs_between(airflow, first, last)}
    missing = [str(day) for day in dates.each_date(first, last) if str(day) not in runs]
    if missing:
        raise ClvError(f"Airflow made no run for {', '.join(missing[:5])}; look under Backfills in {airflow.base}")
    return list(runs.values())


def _create_backfill(airflow: Airflow, body: dict) -> None:
    """Creates a backfill. Airflow needs a while to notice that the previous one has ended, and refuses until then."""
    deadline = time.monotonic() + SECONDS_TO_CLOSE_A_BACKFILL
    while True:
        try:
            airflow.call("POST", "/backfills", json=body)
            return
        except ClvError as error:
            if "running backfill" not in str(error):
                raise
        running = airflow.call(
            "GET", f"/dags/{DAG}/dagRuns", params={"run_type": "backfill", "state": ["queued", "running"], "limit": 1}
        )
        if running["total_entries"] or time.monotonic() > deadline:
            raise ClvError(
                f"another backfill of {DAG} is still running; wait for it, or end it under Backfills in {airflow.base}"
            )
        time.sleep(POLL_SECONDS)


def _runs_between(airflow: Airflow, first: date, last: date) -> list[dict]:
    """The runs whose logical date lies in the range, by date. The API returns at most a hundred at a time."""
    query = {
        "logical_date_gte": f"{first}T00:00:00Z",
        "logical_date_lte": f"{last}T00:00:00Z",
        "order_by": "logical_date",
        "limit": 100,
    }
    runs: list[dict] = []
    while True:
        page = airflow.call("GET", f"/dags/{DAG}/dagRuns", params={**query, "offset": len(runs)})
        runs += page["dag_runs"]
        if not page["dag_runs"] or len(runs) >= page["total_entries"]:
            return runs


def look(airflow: Airflow, dag_run_id: str) -> Run:
    """The present state of a run."""
    run = airflow.call("GET", f"/dags/{DAG}/dagRuns/{dag_run_id}")
    found = airflow.call("GET", f"/dags/{DAG}/dagRuns/{dag_run_id}/taskInstances", params={"limit": 100})
    day = (run.get("conf") or {}).get("as_of_date") or run["logical_date"][:10]
    tasks = {item["task_id"]: item["state"] or "" for item in found["task_instances"]}
    return Run(dates.parse_date(day), dag_run_id, run["state"], tasks)


def _look_with_retries(airflow: Airflow, dag_run_id: str) -> Run:
    """The state of a run. Retries, so that a short outage of Airflow does not end a long wait."""
    for pause in PAUSES:
        try:
            return look(airflow, dag_run_id)
        except ClvError:
            time.sleep(pause)
    try:
        return look(airflow, dag_run_id)
    except Unavailable as error:
        raise Unavailable(f"{error}; the runs that were started will continue, and `clv runs` lists them") from None


def wait(airflow: Airflow, dag_run_ids: list[str], console: Console) -> list[Run]:
    """Waits until every run has ended; prints a line for each as it ends, and returns them. On a terminal, a table
    shows the tasks meanwhile; elsewhere, a line tells how each task of a single run ended.

    Raises ClvError with the reason why the first failed run failed, and with the dates of the others that failed.
    """
    runs = [look(airflow, run_id) for run_id in dag_run_ids]
    with Live(_progress(runs), console=console, refresh_per_second=4) if console.is_terminal else nullcontext() as live:
        while True:
            for number, run in enumerate(runs):
                if run.state in ENDED:
                    continue
                runs[number] = _look_with_retries(airflow, run.dag_run_id)
                if live is None and len(runs) == 1:
                    _print_tasks(run, runs[number], console)
                if runs[number].state in ENDED:
                    console.print(f"{run.as_of} {_ended(airflow, runs[number])}", markup=False, soft_wrap=True)
            if live:
                live.update(_progress(runs))
            if all(run.state in ENDED for run in runs):
                break
            time.sleep(POLL_SECONDS)
    failed = [run for run in runs if run.state == "failed"]
    if failed:
        others = f"; failed too: {', '.join(str(run.as_of) for run in failed[1:])}" if failed[1:] else ""
        raise ClvError(_why(airflow, failed[0]) + others)
    return runs


def _print_tasks(before: Run, now: Run, console: Console) -> None:
    for task, state in now.tasks.items():
        if state in ENDED and before.tasks.get(task) != state:
            console.print(f"{task}: {state}", markup=False, soft_wrap=True)


def _ended(airflow: Airflow, run: Run) -> str:
    """How a run ended, in one line: the headline of its date, or why it failed."""
    try:
        if run.state == "failed":
            return f"failed: {_why(airflow, run)}"
        found = headline.of(run.as_of, airflow.home)
    except Unavailable:  # keep waiting for the other runs
        return run.state
    return f"{run.state}: {found.line()}" if found else run.state


def _progress(runs: list[Run]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("as of")
    table.add_column("state")
    table.add_column("tasks", justify="right")
    table.add_column("now")
    colours = {"success": "green", "failed": "red", "running": "yellow"}
    for run in runs:
        done = sum(state == "success" for state in run.tasks.values())
        now = [name for name, state in run.tasks.items() if state in ("running", "failed", "up_for_retry")]
        colour = colours.get(run.state, "default")
        table.add_row(str(run.as_of), f"[{colour}]{run.state}[/]", f"{done}/{len(run.tasks)}", ", ".join(now))
    return table


def _why(airflow: Airflow, run: Run) -> str:
    """In one line: which task of the run failed, with the task's own error if it left one."""
    query = f"""
        select log.task, log.facts->>'error'
        from {tables.TASK_LOG} as log
        inner join {tables.RUNS} as runs using (run_id)
        where log.facts ? 'error' and runs.run_id = (
            select run_id from {tables.RUNS} where started_by = %s and dag_id = %s order by started_at desc limit 1
        )
        order by log.ended_at desc
        limit 1
    """  # noqa: S608 - our own names
    found = db.rows(query, (run.dag_run_id, airflow_state.DAILY), airflow.home.url_as(roles.PUBLISHER))
    if found:
        return f"the run for {run.as_of} failed in {found[0][0]}: {found[0][1]}"
    dag_run = airflow_state.find(airflow, run.dag_run_id, airflow_state.DAILY)
    task, reason = airflow_state.failure(airflow, dag_run) if dag_run else (None, "the run is no longer in Airflow")
    return f"the run for {run.as_of} failed in {task or 'Airflow'}: {reason}"


def run(home: settings.Settings, as_of: date, force_retrain: bool, console: Console) -> list[Run]:
    """Starts a run for a date, waits for it and returns it."""
    _not_in_the_future(as_of, "--as-of")
    airflow = Airflow(home)
    return wait(airflow, [trigger(airflow, as_of, force_retrain)], console)


def backfill(
    home: settings.Settings, first: date, last: date, every: int, console: Console, backwards: bool = False
) -> list[Run]:
    """Runs each date from first to last, `every` days apart, and waits.

    Consecutive days are one Airflow backfill. Dates with gaps are started one by one, because Airflow's backfill of a
    daily schedule cannot skip days.
    """
    if last < first:
        raise ClvError(f"--to {last} is before --from {first}; swap them")
    if every < 1:
        raise ClvError(f"--every {every} is not a number of days; give 1 or more")
    _not_in_the_future(last, "--to")
    airflow = Airflow(home)
    if every == 1:
        started = start_backfill(airflow, first, last, backwards)
    else:
        days = list(dates.each_date(first, last, every))
        started = [trigger(airflow, day) for day in (reversed(days) if backwards else days)]
    return wait(airflow, started, console)


def _not_in_the_future(day: date, name: str) -> None:
    if day > dates.today():
        raise ClvError(f"{name} {day} is in the future; the last possible day is {dates.today()}")
