"""Makes Airflow tasks of the pipeline's steps: passes the run along, logs facts, maps errors to task states."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import get_current_context, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException

RETRIES = 2
RETRY_DELAY = timedelta(seconds=20)


@task(task_id="open_run", retries=RETRIES, retry_delay=RETRY_DELAY)
def open_run() -> dict[str, str]:
    """Works out the run's date and opens a run under a number of its own."""
    from clv import dates, pipeline

    context: Any = get_current_context()
    dag_run = context["dag_run"]
    with _plain_errors():
        as_of = dates.as_of_date(context["params"].get("as_of_date"), dag_run.logical_date, dag_run.run_after)
        run_id = pipeline.open_run(as_of, started_by=dag_run.run_id)
    return {"as_of_date": as_of.isoformat(), "run_id": run_id}


def step(name: str, pool: str | None = None):
    """A task that runs the pipeline's step `name` for the run that open_run opened; its facts are its result."""

    @task(task_id=name, retries=RETRIES, retry_delay=RETRY_DELAY, pool=pool or "default_pool")
    def run_step(force: Any = None, model: Any = None) -> dict:
        from clv import dates, pipeline

        # Named, not **options: into those Airflow would put its whole context.
        options = {key: value for key, value in (("force", force), ("model", model)) if value is not None}
        context: Any = get_current_context()
        # Pulled, not handed over: an argument would draw an arrow from open_run to every task of the graph.
        run = context["ti"].xcom_pull(task_ids="open_run")
        with _plain_errors():
            return pipeline.take(
                name, dates.parse_date(run["as_of_date"]), run["run_id"], context["ti"].try_number, **options
            )

    return run_step


class _plain_errors:  # noqa: N801 - reads as a statement
    """One line for what we know: a mistake fails the task at once, since a retry would meet it again; what may
    pass is retried."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        from clv.errors import ClvError, Unavailable

        if isinstance(error, Unavailable):
            raise AirflowException(str(error)) from None
        if isinstance(error, ClvError):
            raise AirflowFailException(str(error)) from None


@task(task_id="upkeep", retries=RETRIES, retry_delay=RETRY_DELAY)
def upkeep() -> dict:
    """Removes superseded rows and old files; see clv.upkeep."""
    from clv import upkeep as upkeep_module

    with _plain_errors():
        facts = upkeep_module.run()
    print("upkeep removed", facts)
    return facts
