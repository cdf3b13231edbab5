"""Airflow's scheduler with the steps' libraries loaded: python -m clv.platform.runtime.scheduler [OPTION …]

Airflow forks its tasks from the scheduler's workers, so what is loaded here is there in every task; without it each
gate, build and Spark job takes five to fifteen seconds of imports first. Options are those of `airflow scheduler`.
"""

from __future__ import annotations

import sys


def load() -> None:
    """Imports what the steps use. Nothing here may start a thread: it would be missing in the forked tasks."""

    import spark_jobs.io.daemon  # noqa: F401


def main() -> None:
    """Loads, then is `airflow scheduler`."""
    load()
    from airflow.__main__ import main as airflow

    sys.argv = ["airflow", "scheduler", *sys.argv[1:]]
    airflow()


if __name__ == "__main__":
    main()
