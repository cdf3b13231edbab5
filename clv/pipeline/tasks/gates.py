"""The gates: each judges a layer before the next layer reads it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from clv.catalog import tables
from clv.core import settings
from clv.core.errors import ClvError
from clv.pipeline.steps import Facts
from clv.reporting import gates as pages
from clv.transform import dbt
from clv.warehouse import db, locks, roles
from clv.warehouse.roles import PUBLISHER
from expectations.gates import judge


def gate(name: str) -> Callable[[date, str], Facts]:
    """Makes the step that judges one layer. The step raises ClvError when a critical expectation fails."""

    def step(as_of: date, run_id: str) -> Facts:
        return judge(name, as_of, run_id, pages.write)

    return step


def staging(as_of: date, run_id: str) -> Facts:
    """Judges staging while no build changes it, and records the state that was judged."""
    with db.lock(locks.BUILD, roles.url(PUBLISHER)):
        return {**gate("staging")(as_of, run_id), "staging": dbt.staging_state()}


def features(as_of: date, run_id: str) -> Facts:
    """Judges the features, comparing them with staging while no build changes it."""
    with dbt.persons_of(as_of, settings.load()), db.lock(locks.BUILD, roles.url(PUBLISHER)):
        return gate("features")(as_of, run_id)


def require_judged(used: object, as_of: date, run_id: str) -> None:
    """Judges this run's part of staging again, if another run or an erasure has changed it since this run's gate."""
    if not used:
        raise ClvError("another run left intermediate half built: clear the task build_intermediate")
    query = f"select 1 from {tables.TASK_LOG} where run_id = %s and facts->>'staging' = %s and not facts ? 'error'"  # noqa: S608 - our own names
    if db.rows(query, (run_id, used), roles.url(PUBLISHER)):
        return
    print("staging has changed since this run's gate: judging it again", flush=True)
    if staging(as_of, run_id)["staging"] != used:
        # Not a ClvError, so that Airflow retries the task.
        raise RuntimeError("staging changed again while it was judged: try again")


raw, predictions, analytics = gate("raw"), gate("predictions"), gate("analytics")
