"""dbt itself, run in this process."""

from __future__ import annotations

import gc

from dbt.adapters.factory import reset_adapters
from dbt.cli.main import dbtRunner, dbtRunnerResult


def invoke(arguments: list[str]) -> dbtRunnerResult:
    """Runs dbt with the arguments of its command line, and leaves nothing of it open."""
    outcome = dbtRunner().invoke(arguments)
    # An adapter that is kept holds semaphores, and a task that ends with them leaves a warning in its log.
    reset_adapters()
    gc.collect()
    return outcome
