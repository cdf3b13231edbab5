"""Checks what a shop adds of its own, its steps, kinds of sources, connectors and forecasters, whenever its services
start: with `clv up`, or with the service `setup` of docker-compose.yml."""

from __future__ import annotations

from clv.alerts import declaration as alerts
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.pipeline import steps
from clv.reporting.remarks import of_settings
from clv.sources.fetching import declaration
from clv.sources.kinds import raw_tables, registry


def check(home: Settings) -> None:
    """Raises ClvError for a wrong declaration, which would otherwise show only in a log, or at the next training."""
    steps.daily()
    registry.known(home)
    for source in declaration.declared(home):
        declaration.load(source, home)
    load_contestants(home)


def load_contestants(home: Settings) -> None:
    """Raises ClvError for a contestant that does not exist or cannot be loaded."""
    from spark_jobs.models import registry as forecasters  # imports scipy, for which `clv status` need not wait

    forecasters.load(home.contestants)


def remarks(home: Settings) -> list[str]:
    """Returns remarks for the operator: about the settings, kinds whose folder was removed, and a wrong alerts.yml,
    which stops nothing else. The warehouse has to be set up."""
    return [*of_settings(home), *raw_tables.without_folder(home), *of_alerts(home)]


def of_alerts(home: Settings) -> list[str]:
    """Returns what is wrong with the home's alerts.yml, if anything is."""
    try:
        alerts.load(home)
    except ClvError as error:
        return [f"no alerts are sent: {error}"]
    return []
