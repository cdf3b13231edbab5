"""`clv publish`: another of a date's runs for its readers."""

from __future__ import annotations

from typing import Annotated

import typer

from clv.commands.console import out
from clv.core import dates
from clv.evaluation import external_scorecard, scorecard
from clv.reporting import report
from clv.warehouse import publication


def publish(
    as_of: Annotated[str, typer.Option("--as-of", help="The date whose published run changes.")],
    run_id: Annotated[str, typer.Option("--run-id", help="The run to publish, such as 2011-06-01.3.")],
) -> None:
    """Publish another run of a date that passed its gates, an earlier or a later one."""
    day = dates.parse_date(as_of, "--as-of")
    publication.publish(day, run_id)
    out.print(f"readers of {day} now see {run_id}")
    scorecard.measure()
    external_scorecard.measure()
    out.print(f"report {report.write(day)}")
