"""The one-shot service `setup`: what `clv up` does on a laptop short of starting servers. Safe to repeat."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from clv import settings, warehouse
from clv.errors import ClvError
from clv.runtime import airflow, databases, stack

AIRFLOW_PORT = 8080  # in the container; docker-compose.yml publishes it


def link_secrets(home: settings.Settings, mounted: Path) -> None:
    """Lets $CLV_HOME/secrets/NAME lead to the container's secret NAME.

    The links lie in the volume that all services share; they lead somewhere only where the secret is mounted.
    """
    for secret in mounted.iterdir():
        link = home.secrets / secret.name
        if not link.is_symlink():
            link.symlink_to(secret)


def main() -> None:
    """Makes or upgrades every database, table, view, pool and password that the services expect."""
    from clv import dbt, registry

    home = settings.load()
    stack.make_folders(home)
    link_secrets(home, Path(os.environ["CLV_WAREHOUSE_URL_FILE"]).parent)
    home = home.remember(airflow_port=AIRFLOW_PORT)
    for label, work in (
        ("databases and the analyst's role", lambda: databases.prepare(home)),
        ("the warehouse's tables", lambda: warehouse.migrate(home.warehouse_url)),
        ("the pseudonym key", lambda: databases.claim_pseudonyms(home)),
        ("dbt's tables and views", lambda: dbt.build("setup", {}, home)),
        ("the model registry", lambda: registry.setup(home)),
        ("Airflow's tables and pools", lambda: airflow.prepare(home)),
        ("Airflow's user", lambda: airflow.write_password_file(home)),
    ):
        print(f"setup: {label}", flush=True)
        told = work()
        if isinstance(told, list):  # remarks for the operator, names of migrations
            print("".join(f"setup:   {line}\n" for line in told), end="", flush=True)


if __name__ == "__main__":
    try:
        main()
    except ClvError as problem:
        sys.exit(f"error: {problem}")
