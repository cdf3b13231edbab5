"""Reads from Airflow whether a run is active, and why a run failed."""

from __future__ import annotations

from dataclasses import dataclass

from clv.core.errors import ClvError, NotFoundError
from clv.platform.airflow_session import Airflow

DAILY, TRAIN = "clv_daily", "clv_train"
ACTIVE = ("queued", "running")
OPENED = "run "  # a run's note begins with this until the run fails and the note gives the reason


@dataclass(frozen=True)
class DagRun:
    """A DAG run of Airflow: its state is queued, running, success or failed; `day` is the date it is for."""

    dag: str
    dag_run_id: str
    state: str
    note: str
    day: str


def find(airflow: Airflow, dag_run_id: str, dag_id: str | None) -> DagRun | None:
    """The run with this id in Airflow; None if there is none. Without a dag_id, looks in both DAGs that open runs."""
    for dag in (dag_id,) if dag_id else (DAILY, TRAIN):
        try:
            return _dag_run(airflow.call("GET", f"/dags/{dag}/dagRuns/{dag_run_id}"))
        except NotFoundError:
            continue
    return None


def active(airflow: Airflow) -> list[DagRun]:
    """The runs of the daily DAG that have not ended, including queued ones; at most a hundred."""
    query = {"state": ACTIVE, "limit": 100, "order_by": "run_after"}
    return [_dag_run(run) for run in airflow.call("GET", f"/dags/{DAILY}/dagRuns", params=query)["dag_runs"]]


def is_scheduling(airflow: Airflow) -> bool:
    """Whether the scheduler is alive. Without it, runs that have not ended make no progress."""
    return (airflow.call("GET", "/monitor/health").get("scheduler") or {}).get("status") == "healthy"


def failure(airflow: Airflow, run: DagRun) -> tuple[str | None, str]:
    """The task in which a run failed (None if no task did), and the reason in one line: from the run's note, else the
    last error in the task's log, else the address of that log."""
    place = f"/dags/{run.dag}/dagRuns/{run.dag_run_id}"
    tasks = airflow.call("GET", f"{place}/taskInstances", params={"limit": 100})["task_instances"]
    failed = next((task for task in tasks if task["state"] == "failed"), None)
    name = failed["task_id"] if failed else None
    if run.note and not run.note.startswith(OPENED):
        return name, run.note
    page = f"its log is at {airflow.base}/dags/{run.dag}/runs/{run.dag_run_id}"
    reason = _last_error(airflow, f"{place}/taskInstances/{name}/logs/{failed['try_number']}") if failed else None
    return name, f"{reason}; {page}" if reason else page


def _last_error(airflow: Airflow, path: str) -> str | None:
    """The last exception in a task's log, in one line; None if there is none."""
    try:
        lines = airflow.call("GET", path, params={"full_content": True}, headers={"Accept": "application/json"})
    except ClvError:  # the log was deleted
        return None
    for line in reversed(lines["content"]):
        for error in reversed((line.get("error_detail") or []) if isinstance(line, dict) else []):
            return " ".join(f"{error['exc_type']}: {error['exc_value']}".split())[:400]
    return None


def _dag_run(run: dict) -> DagRun:
    day = (run.get("conf") or {}).get("as_of_date") or (run.get("logical_date") or run.get("run_after") or "")[:10]
    return DagRun(run["dag_id"], run["dag_run_id"], run["state"], run.get("note") or "", day)
