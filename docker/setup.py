"""The one-shot service `setup`: creates what `clv up` creates on a laptop, but starts no servers. Safe to repeat."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from clv.core import settings
from clv.core.errors import ClvError
from clv.pipeline import own
from clv.platform.runtime import airflow, databases, set_up, stack

AIRFLOW_PORT = 8080  # in the container; docker-compose.yml publishes it


def link_secrets(home: settings.Settings, mounted: Path) -> None:
    """Links $CLV_HOME/secrets/NAME to the container's secret NAME.

    The links lie in the volume that all services share, and work only in containers that mount the secret. A link
    replaces a secret that a restore has put there. Raises ClvError if that is another key than the container's.
    """
    for secret in mounted.iterdir():
        link = home.secrets / secret.name
        if link.is_symlink():
            continue
        if secret.name == "pseudonym_key" and link.exists() and link.read_text().strip() != secret.read_text().strip():
            raise ClvError(
                f"{link} was restored and differs from secrets/pseudonym_key.txt; write the restored key into that file"
            )
        link.unlink(missing_ok=True)
        link.symlink_to(secret)


def main() -> None:
    """Creates or upgrades every database, table, view, pool and password that the services expect.

    Raises ClvError for what the operator must correct, and CalledProcessError when a program failed after printing the
    reason.
    """
    home = settings.load()
    own.check(home)
    stack.make_folders(home)
    link_secrets(home, Path(os.environ["CLV_WAREHOUSE_URL_FILE"]).parent)
    home = home.remember(airflow_port=AIRFLOW_PORT)
    for remark in databases.prepare(home):
        print(f"setup: {remark}", flush=True)
    airflow.write_password_file(home)
    for part in set_up.PARTS:
        print(f"setup: {part}", flush=True)
        subprocess.run(
            [sys.executable, "-m", "clv.platform.runtime.set_up", part],
            env={**os.environ, **airflow.environment(home)},
            check=True,
        )
    for remark in own.remarks(home):
        print(f"setup: note: {remark}", flush=True)
    print("setup: done", flush=True)


if __name__ == "__main__":
    try:
        main()
    except ClvError as problem:
        sys.exit(f"error: {problem}")
    except subprocess.CalledProcessError as problem:
        sys.exit(problem.returncode)  # its last line of output gives the reason
