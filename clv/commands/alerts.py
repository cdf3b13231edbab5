"""`clv alerts`, `clv alerts check`, `clv alerts test`: what went wrong, and who hears of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from clv.alerts import ledger
from clv.commands.console import out
from clv.commands.formats import AsCsv, AsJson, format_of
from clv.core import dates, settings, tabular
from clv.core.errors import ClvError
from clv.pipeline import watching

LISTED = timedelta(days=30)
app = typer.Typer(rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def alerts(context: typer.Context, as_csv: AsCsv = False, as_json: AsJson = False) -> None:
    """List what went wrong and who was sent a message, the newest first.

    Lists what lasts, and what ended in the last 30 days.
    docs/alerts.md explains how to write alerts.yml, which says who hears of what.
    """
    if context.invoked_subcommand:
        return
    home = settings.located()
    watching.declared_or_error(home)
    names = ["kind", "subject", "first_seen", "recovered_at", "sent_to", "what", "remedy"]
    rows = (
        (
            one.kind, one.subject, one.first_seen.replace(microsecond=0),
            one.recovered_at and not one.happens_once and one.recovered_at.replace(microsecond=0) or None,
            ", ".join(sorted(one.sent)), one.what, one.remedy,
        )
        for one in ledger.recent(home, dates.now() - LISTED)
    )  # fmt: skip
    tabular.write(names, rows, format_of(as_csv, as_json))


@app.command()
def check() -> None:
    """Look now, and send what nobody has heard of yet."""
    home = settings.located()
    watching.declared_or_error(home)
    looked = watching.look(home)
    for line in looked.sent:
        out.print(f"sent to {line}", markup=False)
    if looked.errors:
        raise ClvError("; ".join(looked.errors))
    if not looked.sent:
        out.print("nothing new")


@app.command()
def test(channel: Annotated[str, typer.Argument(help="Name of the channel in alerts.yml.")]) -> None:
    """Send a test message by a channel."""
    watching.test(channel, settings.located())
    out.print(f"sent a test to {channel}", markup=False)
