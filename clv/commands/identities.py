"""`clv identities review`, `clv identities split`: ids that may be one person, and ids that are not."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import typer

from clv.commands.console import out
from clv.commands.formats import AsCsv, AsJson, format_of
from clv.core import dates, settings, tabular
from clv.core.settings import Settings
from clv.privacy import persons
from clv.sources.identities import linking, reviewing
from clv.sources.kinds.mappings import load_mapping
from clv.sources.loading import texts
from clv.warehouse import pseudonyms

Day = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"], help="Day on which it is known; runs for later dates follow it. By default, today."
    ),
]
app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)


@app.callback()
def identities() -> None:
    """Review ids that may be one person, and split ids that are not."""


@app.command()
def review(
    accept: Annotated[str | None, typer.Option(help="Code of a pair that is one person.")] = None,
    refuse: Annotated[str | None, typer.Option(help="Code of a pair that is not.")] = None,
    day: Day = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """List pairs of ids that may be one person, or decide on one of them.

    Nothing here is joined by itself. A pair that is accepted is joined by the next run, a refused one is not listed
    again. Look both ids up in the shop before you decide: the list shows no names and no addresses.
    """
    home = settings.load()
    if accept and refuse:
        raise typer.BadParameter("give either --accept or --refuse")
    linking.link(home)  # files may have been loaded since the last run
    if code := accept or refuse:
        decision = reviewing.ACCEPTED if accept else reviewing.REFUSED
        pair = reviewing.decide(code, decision, _known_on(day, home), home)
        what = "one person from the next run on" if accept else "two persons, and are not proposed again"
        out.print(f"{pair.customer_id} and {pair.other_id} are {what}", markup=False)
        return
    rows = (
        (one.code, one.customer_id, one.other_id, one.probability, "; ".join(one.reasons))
        for one in reviewing.candidates(home)
    )
    tabular.write(["code", "id", "other id", "probability", "reasons"], rows, format_of(as_csv, as_json))


@app.command()
def split(
    customer_id: Annotated[str, typer.Argument(help="The id that is another person, as the shop's files have it.")],
    source: Annotated[str, typer.Option(help="Name of the mapping of the files with this id.")],
    day: Day = None,
) -> None:
    """Make an id a person of its own, whatever rules join it with others. Its other ids stay together."""
    home = settings.load()
    linking.link(home)
    mapping = load_mapping(source, home)
    text = texts.as_customer(customer_id.strip(), mapping)
    key = persons.named(text, mapping.customer_namespace, pseudonyms.secret(home)).key
    reviewing.split(key, _known_on(day, home), home)
    out.print(f"{customer_id} is a person of its own from the next run on", markup=False)


def _known_on(day: datetime | None, home: Settings) -> date:
    return day.date() if day else dates.today(home.shop.time_zone)
