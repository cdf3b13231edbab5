"""Runs dbt in this process."""

from __future__ import annotations

import gc
from typing import Any

from dbt.adapters.factory import reset_adapters
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt_common.events.base_types import EventMsg
from dbt_common.events.functions import env_scrubber


def invoke(arguments: list[str]) -> tuple[dbtRunnerResult, list[str]]:
    """Runs dbt with the arguments of its command line, and then releases what it holds.

    Returns its result and the errors that it printed before it gave up, which the result's exception may leave out.
    """
    errors: list[str] = []
    shown = {"error"} if "--quiet" in arguments else {"info", "warn", "error"}

    def keep(event: EventMsg) -> None:
        info: Any = event.info  # made by protobuf, so its fields have no types
        if info.level in shown:
            print(env_scrubber(info.msg), flush=True)
        # "Encountered an error" repeats the exception.
        if info.level == "error" and not info.msg.startswith("Encountered an error"):
            errors.append(info.msg)

    # dbt would format each of its many debug messages for the terminal too, before it leaves them out there.
    levels = ["--log-level", "none", "--log-level-file", "debug"]
    gc.freeze()  # what was there before is not searched for what dbt leaves
    outcome = dbtRunner(callbacks=[keep]).invoke([*levels, *arguments])
    # An adapter that is kept holds semaphores, and a task that ends while holding them logs a warning.
    reset_adapters()
    gc.collect()
    gc.unfreeze()
    return outcome, errors
