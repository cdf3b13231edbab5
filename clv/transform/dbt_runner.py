"""Runs dbt in this process."""

from __future__ import annotations

import gc
from typing import Any

from dbt.adapters.factory import reset_adapters
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt_common.events.base_types import EventMsg


def invoke(arguments: list[str]) -> tuple[dbtRunnerResult, list[str]]:
    """Runs dbt with the arguments of its command line, and then releases what it holds.

    Returns its result and the errors that it printed before it gave up, which the result's exception may leave out.
    """
    errors: list[str] = []

    def keep(event: EventMsg) -> None:
        # "Encountered an error" repeats the exception.
        info: Any = event.info  # made by protobuf, so its fields have no types
        if info.level == "error" and not info.msg.startswith("Encountered an error"):
            errors.append(info.msg)

    outcome = dbtRunner(callbacks=[keep]).invoke(arguments)
    # An adapter that is kept holds semaphores, and a task that ends while holding them logs a warning.
    reset_adapters()
    gc.collect()
    return outcome, errors
