"""The form that Airflow shows before a run is started by hand."""

from __future__ import annotations

from airflow.sdk import Param


def form(day: str, anew: str) -> dict[str, Param]:
    """Fields as_of_date and force_retrain, each with what it does in this DAG."""
    return {
        "as_of_date": Param(
            None, type=["null", "string"], format="date", title="As of date",
            description=f"{day} Empty: the run's logical date.",
        ),
        "force_retrain": Param(False, type="boolean", title="Train anew", description=anew),
    }  # fmt: skip
