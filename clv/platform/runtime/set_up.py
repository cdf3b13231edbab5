"""Programs that `clv up` runs: they create the tables of Airflow, of the warehouse and of the model registry.

They are programs, not functions, so that the three run in parallel and the output of their tools goes to logs.
"""

from __future__ import annotations

import hashlib
import os
import pkgutil
import subprocess
import sys
from importlib.metadata import version

from clv.core import places, settings
from clv.core.errors import ClvError
from clv.core.processes import die_with_parent
from clv.platform.runtime import airflow, processes

# The files that the set-up depends on: it is not repeated while they are unchanged.
SET_UP_FROM = (
    "clv/warehouse/migrations/*.sql",
    "dbt_project/**/*.sql",
    "dbt_project/**/*.yml",
    "dbt_project/**/*.csv",
    "clv/transform/dbt*.py",
    "clv/warehouse/registry.py",
    "clv/catalog/tables.py",
    "clv/platform/runtime/set_up*.py",
    "clv/sources/kinds/*.py",
    "clv/sources/kinds/*/__init__.py",
)
WITH_TABLES = ("apache-airflow", "mlflow", "dbt-core", "dbt-postgres")  # packages whose versions the set-up depends on
# Modules are named, not imported, so that no part waits for the libraries of the others.
PARTS = {
    "airflow": "clv.platform.runtime.set_up_airflow:run",
    "warehouse": "clv.platform.runtime.set_up_warehouse:run",
    "registry": "clv.warehouse.registry:setup",
}


def start(home: settings.Settings, part: str) -> None:
    """Runs one part of this module as a program. Raises ClvError with its last line when it fails."""
    log = processes.log_file(home, f"set-up-{part}")
    with log.open("a") as output:
        done = subprocess.run(
            [sys.executable, "-m", "clv.platform.runtime.set_up", part],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=home.home,
            env={**os.environ, **airflow.environment(home)},
            preexec_fn=die_with_parent,  # noqa: PLW1509 - nothing but one system call
        )
    if done.returncode:
        last = processes.log_tail(home, f"set-up-{part}")
        raise ClvError(last.removeprefix("error: ") if last.startswith("error: ") else f"{last}; see {log}")


def digest(home: settings.Settings) -> str:
    """A digest of everything that the set-up depends on. While it is unchanged, the set-up is not repeated."""
    place = "embedded" if home.embedded else settings.place(home.warehouse_url)
    found = hashlib.sha256(place.encode())
    for root in dict.fromkeys((places.CODE, places.PROJECT)):
        for path in sorted(path for pattern in SET_UP_FROM for path in root.glob(pattern)):
            if "target" not in path.relative_to(root).parts:
                found.update(f"{path.relative_to(root)}\n".encode() + path.read_bytes())
    for path in sorted((home.home / "kinds").glob("*/*.py")):  # the shop's own kinds have tables too
        found.update(f"{path.relative_to(home.home)}\n".encode() + path.read_bytes())
    found.update(repr([version(package) for package in WITH_TABLES]).encode())
    return found.hexdigest()


def main(part: str) -> None:
    """Sets up one part. A user's mistake is printed as the last line, `error: …`, with exit code 1."""
    try:
        pkgutil.resolve_name(PARTS[part])(settings.load())
    except ClvError as error:
        print(f"error: {error}", flush=True)
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
