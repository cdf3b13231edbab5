"""Watches a home: looks at its state, and sends alerts about what somebody wants to hear of (docs/alerts.md).

The DAG clv_watch looks every five minutes, `clv run` when a run has failed, and `clv alerts check` when it is called.
"""

from __future__ import annotations

from datetime import timedelta

from clv.alerts import channels, declaration, looking, messages
from clv.alerts.declaration import Alerts
from clv.alerts.looking import Looked
from clv.core import dates, settings
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.platform import run_states
from clv.platform.runtime import airflow
from clv.warehouse import runs

RUNS = 60  # runs last started that are looked at
RECONCILED = timedelta(days=3)  # of runs started earlier, Airflow is not asked for the state


def look(home: Settings | None = None) -> Looked:
    """Looks at the home's state and sends what is new. Does nothing without alerts.yml.

    Raises ClvError if alerts.yml is invalid or the warehouse does not answer.
    """
    home = home or settings.located()
    declared = declaration.load(home)
    if declared is None:
        return Looked()
    now = dates.now()
    found = runs.history(home, now.date(), RUNS)
    started = [run for run in found if run.started_at >= now - RECONCILED]
    states = {run.run_id: run for run in run_states.reconciled(started, home)}
    return looking.look(declared, [states.get(run.run_id, run) for run in found], address(declared, home), now, home)


def after_failure(home: Settings) -> list[str]:
    """Looks after a run has failed; returns what did not work, because the run's own error is the one to raise."""
    try:
        return look(home).errors
    except ClvError as error:
        return [str(error)]


def test(name: str, home: Settings) -> None:
    """Sends a test message by a channel. Raises ClvError if there is no such channel or the message does not arrive."""
    declared = declared_or_error(home)
    if name not in declared.channels:
        raise ClvError(f"{home.alerts_file} has no channel '{name}'; it has {', '.join(declared.channels)}")
    message = messages.test(looking.shop_of(declared, home), address(declared, home), dates.now())
    channels.send(declared.channels[name], message, home)


def declared_or_error(home: Settings) -> Alerts:
    """Returns who hears of what. Raises ClvError if there is no alerts.yml."""
    declared = declaration.load(home)
    if declared is None:
        raise ClvError(f"nobody hears of anything: write {home.alerts_file} (docs/alerts.md)")
    return declared


def address(declared: Alerts, home: Settings) -> str:
    """The address of Airflow's pages, for the links of messages."""
    return declared.address or (airflow.url(home) if "airflow_port" in home.state else "http://127.0.0.1")
