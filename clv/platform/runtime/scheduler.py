"""Airflow's scheduler, with the steps' libraries already imported: python -m clv.platform.runtime.scheduler [OPTION …]

Airflow forks its tasks from the scheduler's workers, so they inherit what is imported here. Otherwise each gate, build
and Spark job would first spend five to fifteen seconds on imports, and each step from publishing on half a second. The
options are those of `airflow scheduler`.
"""

from __future__ import annotations

import sys

# Nothing imported here may start a thread, because forked tasks would not have it.
import mlflow.store.model_registry.sqlalchemy_store  # noqa: F401 - MLflow loads it when a model is looked for

import clv.reporting.report  # noqa: F401
import clv.transform.dbt_runner  # noqa: F401
import expectations.gates  # noqa: F401
import spark_jobs.daemon  # noqa: F401


def main() -> None:
    """Runs `airflow scheduler` in this process."""
    from airflow.__main__ import main as airflow  # last, because it also configures the logging of earlier imports

    sys.argv = ["airflow", "scheduler", *sys.argv[1:]]
    airflow()


if __name__ == "__main__":
    main()
