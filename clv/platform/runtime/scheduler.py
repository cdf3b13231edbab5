"""Airflow's scheduler, with the steps' libraries already imported: python -m clv.platform.runtime.scheduler [OPTION …]

Airflow forks its tasks from the scheduler's workers, so they inherit what is imported here. Otherwise each gate, build
and Spark job would first spend five to fifteen seconds on imports. Options are those of `airflow scheduler`.
"""

from __future__ import annotations

import sys


def load() -> None:
    """Imports what the steps use. An import here must not start a thread, because forked tasks would not have it."""

    import spark_jobs.io.daemon  # noqa: F401


def main() -> None:
    """Imports the libraries, then runs `airflow scheduler`."""
    load()
    from airflow.__main__ import main as airflow

    sys.argv = ["airflow", "scheduler", *sys.argv[1:]]
    airflow()


if __name__ == "__main__":
    main()
