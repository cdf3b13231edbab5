"""The form that Airflow shows before a person starts a run or a backfill.

The form has no field for the day, because Airflow itself asks for the logical date of a run or the dates of a backfill.
A second date field would make every run of a backfill use the same day.
"""

from __future__ import annotations

from airflow.sdk import Param


def form(description: str) -> dict[str, Param]:
    """The field force_retrain, with a description of what it does in this DAG."""
    return {"force_retrain": Param(False, type="boolean", title="Train anew", description=description)}
