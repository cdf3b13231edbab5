"""Programs that `clv up` runs: they create the tables of Airflow, of the warehouse and of the model registry.

They are programs, not functions, so that the three run in parallel and the output of their tools goes to logs.
"""

from __future__ import annotations

import sys

from clv.core import settings
from clv.core.errors import ClvError


def airflow(home: settings.Settings) -> None:  # noqa: ARG001 - Airflow's environment says where its database is
    """Creates Airflow's tables and pools. Needs the environment of Airflow's services."""
    from airflow.models.pool import Pool
    from airflow.utils import db

    from clv.platform.runtime.airflow import POOLS

    db.initdb()
    for name, description in POOLS.items():
        Pool.create_or_update_pool(name, slots=1, description=description, include_deferred=False)


def warehouse(home: settings.Settings) -> None:
    """Creates the warehouse's own tables and those that dbt maintains."""
    from clv.platform.runtime import databases
    from clv.transform import dbt
    from clv.warehouse import db

    db.migrate(home.warehouse_url)
    with db.connect(home.warehouse_url) as connection:
        connection.execute("call ops.hand_over()")  # gives tables restored from a backup to their owners
    databases.claim_pseudonyms(home)
    databases.open_analytics(home)
    dbt.build("setup", {}, home)


def registry(home: settings.Settings) -> None:
    """Creates MLflow's tables."""
    from clv.warehouse import registry

    registry.setup(home)


PARTS = {"airflow": airflow, "warehouse": warehouse, "registry": registry}


def main(part: str) -> None:
    """Sets up one part. A user's mistake is printed as the last line, `error: …`, with exit code 1."""
    try:
        PARTS[part](settings.load())
    except ClvError as error:
        print(f"error: {error}", flush=True)
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
