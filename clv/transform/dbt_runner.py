"""Runs dbt in this process."""

from __future__ import annotations

import gc

from dbt.adapters.factory import reset_adapters
from dbt.cli.main import dbtRunner, dbtRunnerResult


def invoke(arguments: list[str]) -> dbtRunnerResult:
    """Runs dbt with the arguments of its command line, and then releases what it holds."""
    outcome = dbtRunner().invoke(arguments)
    # An adapter that is kept holds semaphores, and a task that ends while holding them logs a warning.
    reset_adapters()
    gc.collect()
    return outcome
