"""Prepares the environment of a container and runs a command in it: python entrypoint.py COMMAND [ARGUMENT …]

Every container of our image starts with it. Reads passwords from files (CLV_WAREHOUSE_URL_FILE,
MLFLOW_TRACKING_URI_FILE), adds the environment variables that the command needs, and replaces itself by the command.
Airflow's settings are those of a laptop (clv.platform.runtime.airflow), unless docker-compose.yml sets them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from clv.core import options, settings
from clv.core.errors import ClvError
from clv.platform.runtime import airflow


def read_files(environment: Mapping[str, str]) -> dict[str, str]:
    """Returns NAME with the content of the file for each NAME_FILE that is set. Raises ClvError with the setting's name
    when its file cannot be read."""
    found = {}
    for name in options.variables(secret=True):
        if path := environment.get(f"{name}_FILE"):
            try:
                found[name] = Path(path).read_text().strip()
            except OSError as error:
                raise ClvError(
                    f"{name}_FILE names {path}, which cannot be read ({error.strerror}); "
                    "run docker/make_secrets.py before docker compose"
                ) from None
    return found


def additions(command: list[str], home: settings.Settings) -> dict[str, str]:
    """The environment variables that the command needs in addition to those of the container."""
    if command[0] == "airflow" or "clv.platform.runtime.scheduler" in command:
        return airflow.environment(home)
    if command[0] == "mlflow":  # the MLflow server; other services reach it by MLFLOW_TRACKING_URI
        return {**settings.QUIET, "MLFLOW_BACKEND_STORE_URI": home.mlflow_url}
    return settings.QUIET


def main(command: list[str]) -> None:
    """Replaces this process by the command, so it never returns."""
    os.environ.update(read_files(os.environ))
    environment = {**additions(command, settings.load()), **os.environ}
    os.execvpe(command[0], command, environment)  # noqa: S606 - the command of docker-compose.yml


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (ClvError, FileNotFoundError) as problem:
        sys.exit(f"error: {problem}")
