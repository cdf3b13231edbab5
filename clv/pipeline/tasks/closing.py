"""Publishes a run, and what follows from it. May be repeated."""

from __future__ import annotations

from datetime import date

from clv.core import settings
from clv.evaluation import scorecard as scorecards
from clv.pipeline.steps import Facts
from clv.reporting import report as pages
from clv.warehouse import publication


def publish(as_of: date, run_id: str) -> Facts:
    """Publishes the run: readers of its date see it at once."""
    return publication.publish(as_of, run_id)


def scorecard(as_of: date, run_id: str) -> Facts:  # noqa: ARG001 - every date's matured forecasts
    """Compares published forecasts that have matured with the actual outcomes."""
    return scorecards.measure()


def report(as_of: date, run_id: str) -> Facts:  # noqa: ARG001 - the page shows what is published
    """Writes the page of the date's published run."""
    return {"page": str(pages.write(as_of, settings.load()))}
