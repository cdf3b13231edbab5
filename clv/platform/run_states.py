"""Completes the state of unpublished runs from Airflow. The warehouse's log records how steps ended, but it misses some
endings.

A run whose process died, or that could not reach the warehouse, leaves no error in the log; and a failed run continues
after it is cleared in Airflow. Each unpublished run is therefore looked up in Airflow by its Airflow id.
"""

from __future__ import annotations

from dataclasses import replace

from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.platform import airflow_state
from clv.platform.airflow_api import ENDED
from clv.platform.airflow_session import Airflow
from clv.warehouse.runs import PUBLISHED, History


def reconciled(found: list[History], home: Settings) -> list[History]:
    """The runs, with Airflow's state for those that are not published.

    `waiting` is a run that is queued, or that no scheduler continues. `trained` is a run of clv_train that succeeded.
    Without an Airflow in this home the runs are returned unchanged. When Airflow does not answer, running ones count as
    waiting.
    """
    if "airflow_port" not in home.state or all(run.state in PUBLISHED for run in found):
        return found
    try:
        airflow = Airflow(home)
        scheduling = airflow_state.is_scheduling(airflow)
        return [run if run.state in PUBLISHED else _reconciled(run, airflow, scheduling) for run in found]
    except ClvError:
        return [replace(run, state="waiting") if run.state == "running" else run for run in found]


def _reconciled(run: History, airflow: Airflow, scheduling: bool) -> History:
    dag_run = airflow_state.find(airflow, run.started_by, run.dag_id) if run.last_of_its_start else None
    if dag_run and dag_run.state not in ENDED:
        return replace(run, state="running" if scheduling and dag_run.state == "running" else "waiting", error=None)
    if run.state == "failed":
        return run
    if dag_run and dag_run.state == "failed":
        task, reason = airflow_state.failure(airflow, dag_run)
        return replace(run, state="failed", step=task or run.step, error=reason)
    return replace(run, state="trained" if dag_run and dag_run.dag == airflow_state.TRAIN else "dead")
