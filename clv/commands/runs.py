"""`clv run` and `clv backfill`: start runs of clv_daily through Airflow, wait for them, fail when one fails."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from clv import dates, settings


def run(
    as_of: Annotated[str, typer.Option("--as-of", help="The day to make; it covers every order before it.")],
    force_retrain: Annotated[bool, typer.Option("--force-retrain", help="Train a model for exactly this day.")] = False,
) -> None:
    """Make one day: start a run of clv_daily, wait for it, and fail when it fails."""
    from clv import airflow_api

    day = dates.parse_date(as_of, "--as-of")
    airflow_api.run(settings.load(), day, force_retrain, Console())


def backfill(
    first: Annotated[str, typer.Option("--from", help="The first day to make.")],
    last: Annotated[str, typer.Option("--to", help="The last day to make.")],
    every: Annotated[int, typer.Option("--every", help="Days from one date to the next.")] = 1,
    backwards: Annotated[bool, typer.Option("--backwards", help="The last day first.")] = False,
) -> None:
    """Make several past days: start their runs through Airflow, wait for them, and fail when one fails."""
    from clv import airflow_api

    days = dates.parse_date(first, "--from"), dates.parse_date(last, "--to")
    airflow_api.backfill(settings.load(), *days, every, Console(), backwards)
