"""The note of a DAG run, which Airflow shows on the run's page and in the list of runs: its result in one line."""

from __future__ import annotations

from typing import Any

from airflow.sdk.configuration import conf

from clv.core import settings
from clv.core.errors import ClvError
from clv.platform.airflow_session import Airflow

LONGEST = 1000  # Airflow's limit, in characters


def write(context: Any, text: str) -> None:
    """Writes the run's note through Airflow's API. A run whose note cannot be written continues without it."""
    dag_run = context["dag_run"]
    base = conf.get("core", "execution_api_server_url", fallback="").rstrip("/").removesuffix("/execution") or None
    try:
        Airflow(settings.located(), base).call(
            "PATCH",
            f"/dags/{dag_run.dag_id}/dagRuns/{dag_run.run_id}",
            params={"update_mask": "note"},
            json={"note": text[:LONGEST]},
        )
    except ClvError as error:
        print(f"the run's note could not be written: {error}", flush=True)
