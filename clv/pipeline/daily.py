"""Runs the steps of a daily run. Airflow's tasks call `take`; this module does not depend on Airflow.

`clv.pipeline.steps` declares the steps, their order, and the function that each calls.
"""

from __future__ import annotations

import pkgutil
import time
from datetime import date
from typing import Any

from clv.core.errors import ClvError
from clv.pipeline import steps
from clv.pipeline.steps import Facts
from clv.warehouse import runs


def open_run(as_of: date, started_by: str, dag_id: str | None = None) -> str:
    """Opens a run for a date and returns its run_id."""
    run_id = runs.open_run(as_of, started_by, dag_id)
    print(f"run {run_id} covers every order before {as_of}", flush=True)
    return run_id


def take(name: str, as_of: date, run_id: str, try_number: int = 1, **options: object) -> Facts:
    """Runs one step, logs its facts or its error to ops.task_log, and returns the facts."""
    started = time.time()
    print(f"{name}: run {run_id}, as of {as_of}", flush=True)
    step = steps.find(name)
    if not step.closes:
        runs.require_unpublished(run_id)
    try:
        facts = pkgutil.resolve_name(step.calls)(as_of, run_id, **options)
    except Exception as error:
        # An unexpected error may quote rows, so its text stays in the task's own log.
        why = str(error) if isinstance(error, ClvError) else f"{type(error).__name__}; the task's log has it"
        runs.log(run_id, name, started, {"error": why}, try_number)
        raise
    runs.log(run_id, name, started, facts, try_number)
    print(f"{name}: " + ", ".join(f"{key} {value}" for key, value in facts.items()), flush=True)
    return facts


def run(as_of: date, started_by: str = "pipeline", force_retrain: bool = False) -> str:
    """Runs every step in this process, without Airflow (for tests and benchmarks); returns the run_id."""
    run_id = open_run(as_of, started_by)
    facts: dict[str, Facts] = {}
    params = {"force_retrain": force_retrain}
    for step in steps.daily():
        options: dict[str, Any] = {argument: params[name] for argument, name in step.params.items()}
        options |= {argument: facts[name] for argument, name in step.given.items()}
        facts[step.name] = take(step.name, as_of, run_id, **options)
    return run_id
