"""`clv run` and `clv backfill`: start runs of clv_daily through Airflow and wait for them; fail when one fails."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from clv.core import dates, settings
from clv.core.errors import ClvError
from clv.pipeline import own, watching
from clv.platform import airflow_api, headline
from clv.reporting import analyst
from clv.sources.loading import currencies
from clv.warehouse import publication


def run(
    as_of: Annotated[str, typer.Option("--as-of", help="The day to run for; the run covers every order before it.")],
    force_retrain: Annotated[bool, typer.Option("--force-retrain", help="Train a model for exactly this day.")] = False,
) -> None:
    """Run one day: start a run of clv_daily and wait for it. Fails when the run fails; otherwise prints its
    results."""
    day, home, out = dates.parse_date(as_of, "--as-of"), _ready(), Console(highlight=False)
    started = time.monotonic()
    _remark_removal([day], home, out)
    with _alerting(home, out):
        airflow_api.run(home, day, force_retrain, out)
    show(day, home, out, time.monotonic() - started)


@contextmanager
def _alerting(home: settings.Settings, out: Console) -> Iterator[None]:
    """Sends alerts at once if a run fails in the block, without waiting for clv_watch."""
    try:
        yield
    except ClvError:
        for error in watching.after_failure(home):
            out.print(f"[yellow]note:[/] no alert was sent: {escape(error)}", soft_wrap=True)
        raise


def _ready() -> settings.Settings:
    """Returns the home. Raises ClvError when shop.json names a contestant that does not exist or cannot be loaded, or
    another currency than the warehouse holds, or when the database does not answer."""
    home = settings.load()
    own.load_contestants(home)
    currencies.require_same_currency(home)
    return home


def _remark_removal(days: list[date], home: settings.Settings, out: Console) -> None:
    """Says which of the days upkeep has removed, and which it will remove again."""
    known = publication.by_date()
    if removed := [str(day) for day in days if day in known and known[day].removed_at]:
        out.print(
            f"[yellow]note:[/] upkeep has removed what was published for {_few(removed)}; the runs make it again from "
            "the rows that are loaded now",
            soft_wrap=True,
        )
    thinned = dates.thinned_out({*known, *days}, home.shop.daily_history_days)
    if again := [str(day) for day in days if day in thinned]:
        out.print(
            f"[yellow]note:[/] upkeep will remove {_few(again)}, since daily_history_days in {home.shop_file} is "
            f"{home.shop.daily_history_days}; to keep these dates, raise it or take it out",
            soft_wrap=True,
        )


def _few(days: list[str]) -> str:
    return ", ".join(days[:3]) + (f" and {len(days) - 3} more" if days[3:] else "")


def show(day: date, home: settings.Settings, out: Console, seconds: float) -> None:
    """Prints the results of a date: its value tiers, customers, forecast, page and the time it took."""
    found = headline.of(day, home)
    if found is None:
        return
    analyst.summary(home, out, day, groups=["value_tier"] if found.forecast else [])
    minutes = f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
    for name, value in [*found.lines(), ("took", minutes)]:
        out.print(f"{name:<10} {value}", markup=False, soft_wrap=True)


def backfill(
    first: Annotated[str, typer.Option("--from", help="The first day.")],
    last: Annotated[str, typer.Option("--to", help="The last day.")],
    every: Annotated[int, typer.Option("--every", help="Days between two dates.")] = 1,
    backwards: Annotated[bool, typer.Option("--backwards", help="Run the last day first.")] = False,
) -> None:
    """Run several past days: start their runs through Airflow and wait for them. Fails when one fails.

    As each day ends, prints its number of customers and its forecast, or why it failed.
    """
    days = dates.parse_date(first, "--from"), dates.parse_date(last, "--to")
    home, out = _ready(), Console()
    if every >= 1:
        _remark_removal(list(dates.each_date(*days, every)), home, out)
    with _alerting(home, out):
        airflow_api.backfill(home, *days, every, out, backwards)
