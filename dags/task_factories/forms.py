"""The form that Airflow shows before a run is started by hand, or a backfill.

The day is no field of it: Airflow asks for a run's logical date, or a backfill's dates, itself, and a second date
would make every run of a backfill the same day's.
"""

from __future__ import annotations

from airflow.sdk import Param


def form(description: str) -> dict[str, Param]:
    """The field force_retrain, with what it does in this DAG."""
    return {"force_retrain": Param(False, type="boolean", title="Train anew", description=description)}
