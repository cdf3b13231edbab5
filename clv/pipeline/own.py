"""Checks what a shop adds of its own, its steps, kinds of sources, connectors and forecasters, whenever its services
start: with `clv up`, or with the service `setup` of docker-compose.yml."""

from __future__ import annotations

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
    """Returns remarks for the operator: about the settings, and about kinds whose folder was removed. The warehouse has
    to be set up."""
    return [*of_settings(home), *raw_tables.without_folder(home)]
