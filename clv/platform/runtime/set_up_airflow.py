"""Part of `clv up`: Airflow's own tables and its pools."""

from __future__ import annotations

from airflow.models.pool import Pool
from airflow.utils import db

from clv.core import settings
from clv.platform.runtime.airflow import POOLS


def run(home: settings.Settings) -> None:  # noqa: ARG001 - Airflow's environment says where its database is
    """Creates Airflow's tables and pools. Needs the environment of Airflow's services."""
    db.initdb()
    for name, description in POOLS.items():
        Pool.create_or_update_pool(name, slots=1, description=description, include_deferred=False)
