"""Programs that `clv up` runs: they create the tables of Airflow, of the warehouse and of the model registry.

They are programs, not functions, so that the three run in parallel and the output of their tools goes to logs.
"""

from __future__ import annotations

import pkgutil
import sys

from clv.core import settings
from clv.core.errors import ClvError

# Named, not imported: one part need not wait for the libraries of the others.
PARTS = {
    "airflow": "clv.platform.runtime.set_up_airflow:run",
    "warehouse": "clv.platform.runtime.set_up_warehouse:run",
    "registry": "clv.warehouse.registry:setup",
}


def main(part: str) -> None:
    """Sets up one part. A user's mistake is printed as the last line, `error: …`, with exit code 1."""
    try:
        pkgutil.resolve_name(PARTS[part])(settings.load())
    except ClvError as error:
        print(f"error: {error}", flush=True)
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
