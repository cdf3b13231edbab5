"""Makes Airflow tasks from the pipeline's steps: passes the run to each step, logs its facts, and maps errors to task
states."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import ModuleType, SimpleNamespace
from typing import Any

from airflow.sdk import TaskGroup, chain, get_current_context, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from clv.core import dates
from clv.core.errors import ClvError, Unavailable
from clv.pipeline import steps
from clv.pipeline.steps import Step

RETRIES = 2
RETRY_DELAY = timedelta(seconds=20)


def _pipeline() -> SimpleNamespace:
    """Imports the modules `daily` and `upkeep`, which do the work."""
    # Imported when a task runs, because Airflow parses the DAGs again and again and parsing needs none of this.
    from clv.pipeline import daily, upkeep

    return SimpleNamespace(daily=daily, upkeep=upkeep)


def _notes() -> ModuleType:
    from task_factories import notes  # imported when a task runs, as above

    return notes


@task(task_id="open_run", retries=RETRIES, retry_delay=RETRY_DELAY)
def open_run() -> dict[str, str]:
    """Determines the run's date and opens a run with its own number."""
    context: Any = get_current_context()
    dag_run = context["dag_run"]
    with _reported(context):
        requested = (dag_run.conf or {}).get("as_of_date")
        as_of = dates.as_of_date(requested, dag_run.logical_date, dag_run.run_after)
        run_id = _pipeline().daily.open_run(as_of, started_by=dag_run.run_id, dag_id=dag_run.dag_id)
    _notes().write(context, f"run {run_id}")
    return {"as_of_date": as_of.isoformat(), "run_id": run_id}


def run_of(declared: tuple[Step, ...]) -> None:
    """Builds the graph of a run: open_run, then each declared step after the one before, in its task group.

    A task's id is the name of its step, without a prefix for its group.
    """
    made: dict[str, Any] = {}
    for group, members in steps.by_group((steps.OPEN_RUN, *declared)):
        # The group's id has a prefix, because a task may have the same name as its group. Airflow's pages do not show
        # the id.
        with TaskGroup(f"group_{group.replace(' ', '_')}", group_display_name=group, prefix_group_id=False):
            for step in members:
                options = {argument: f"{{{{ params.{name} }}}}" for argument, name in step.params.items()}
                options |= {argument: made[name] for argument, name in step.given.items()}
                made[step.name] = open_run() if step is steps.OPEN_RUN else step_task(step)(options)
    chain(*made.values())


def step_task(step: Step):
    """Makes the task that runs a step for the run that open_run opened; its result is the step's facts."""
    name = step.name

    @task(task_id=name, retries=RETRIES, retry_delay=RETRY_DELAY, pool=step.pool)
    def run_step(options: dict[str, Any]) -> dict:
        context: Any = get_current_context()
        # The run is pulled by the task's id instead of passed as an argument, because an argument would draw an arrow
        # from open_run to every task.
        run = context["ti"].xcom_pull(task_ids="open_run")
        with _reported(context), _chatter_as_output():
            facts = _pipeline().daily.take(
                name, dates.parse_date(run["as_of_date"]), run["run_id"], context["ti"].try_number, **options
            )
        if name == "publish":  # removes the error of an earlier attempt from the note
            _notes().write(context, f"run {run['run_id']}")
        return facts

    return run_step


@contextmanager
def _reported(context: Any) -> Iterator[None]:
    """Turns known errors into one line in the log and in the run's note.

    A user's mistake fails the task at once, since a retry would fail the same way. When a service is unavailable,
    Airflow retries the task.
    """
    try:
        yield
    except ClvError as error:
        _notes().write(context, str(error))
        kind = AirflowException if isinstance(error, Unavailable) else AirflowFailException
        raise kind(str(error)) from None


@contextmanager
def _chatter_as_output() -> Iterator[None]:
    """Redirects stderr of libraries and child processes to stdout.

    Airflow logs every line of stderr as an error, and a JVM prints its greetings there. Real failures are raised as
    exceptions.
    """
    before = os.dup(2)
    os.dup2(1, 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)


@task(task_id="upkeep", retries=RETRIES, retry_delay=RETRY_DELAY)
def upkeep() -> dict:
    """Deletes superseded rows and old files; see clv.pipeline.upkeep."""
    with _reported(get_current_context()):
        facts = _pipeline().upkeep.run()
    print("upkeep removed", facts)
    return facts


@task(task_id="watch", retries=RETRIES, retry_delay=RETRY_DELAY)
def watch() -> dict:
    """Sends alerts about what is new; see clv.pipeline.watching. Fails if a channel does, so that somebody sees it."""
    from clv.pipeline import watching  # imported when the task runs, as above

    with _reported(get_current_context()):
        looked = watching.look()
        if looked.errors:
            raise ClvError("; ".join(looked.errors))
    print("sent", looked.sent)
    return {"sent": looked.sent}
