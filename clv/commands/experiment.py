"""`clv experiment`: plans experiments, divides customers at random, and reads what acting on them changed."""

from __future__ import annotations

import shlex
from datetime import datetime
from typing import Annotated

import typer

from clv.commands.console import out
from clv.commands.experiment_uplift import replay, uplift
from clv.commands.formats import AsCsv, AsJson, format_of
from clv.core import dates, settings, sql_text, tabular
from clv.decisions.experiments import assigning, definitions, planning, reading, wording
from clv.decisions.lists import saving

Name = Annotated[str, typer.Argument(help="Name of the experiment: experiments/NAME.yml in the home.")]
app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
app.command()(replay)
app.command()(uplift)


@app.callback()
def experiment() -> None:
    """Plan experiments, start them, and read what acting on customers changed."""


@app.command()
def plan(name: Name, as_csv: AsCsv = False, as_json: AsJson = False) -> None:
    """Say how many customers take part, which effect they let you see, and in how many days.

    The variance is that of the shop's own customers: of whom the condition selected at a published date whose window is
    over. --csv and --json give the windows alone.
    """
    home, style = settings.load(), format_of(as_csv, as_json)
    definition = definitions.load(name, home)
    found = planning.plan(name, definition, home)
    if style == "table":
        for line in wording.of_plan(name, definition, found):
            out.print(line, markup=False)
    if found.windows or style != "table":
        tabular.write(planning.Window._fields, wording.windows(found.windows, style), style)


@app.command()
def start(name: Name) -> None:
    """Divide the customers of the newest published date at random into the arms, for good.

    The window begins on that date. The view analytics.experiment_customers has the arm of each customer.
    """
    home = settings.load()
    definition = definitions.load(name, home)
    definitions.require_channel(name, definition, saving.channels(saving.saved(home)))
    day, counts = assigning.start(name, definition, home, dates.today())
    arms = ", ".join(f"{arm} {customers:,}" for arm, customers in counts.items())
    out.print(f"{name} begins on {day} and lasts {definition.window_days} days: {arms}", markup=False)
    for arm in definition.treated:
        if definition.contact:
            out.print(f"send to {arm}: clv export {shlex.quote(f'{name}.{arm}')} --to DESTINATION", markup=False)
            continue
        of_arm = f"experiment = '{name}' and arm = {sql_text.literal(arm)}"
        query = f"select customer_key from analytics.experiment_customers where {of_arm}"  # noqa: S608 - to be read
        out.print(f'customers of {arm}: clv sql "{query}" --csv', markup=False)


@app.command()
def read(
    name: Name,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Count only orders before this day. By default, all that are published."
        ),
    ] = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """Say what the arms changed, compared with the control, and publish it in analytics.experiment_results.

    May be read on any day: until the window is over, the result is by an interval that allows it. --csv and --json
    give the figures alone.
    """
    home, style = settings.load(), format_of(as_csv, as_json)
    found = reading.read(name, as_of.date() if as_of else None, home)
    messages = wording.messages(found)
    reading.record(found, messages, home)
    if style == "table":
        for line in (*wording.of_reading(found), *dict.fromkeys(messages.values())):
            out.print(line, markup=False)
    if found.comparisons or style != "table":
        tabular.write(wording.FIGURES, wording.figures(found, style), style)
    if style == "table" and definitions.has_changed(name, found.experiment.definition, home):
        out.print(f"note: {name}.yml has changed since the start; the read-out follows the start", markup=False)


@app.command()
def stop(name: Name) -> None:
    """End an experiment before its window is over: orders from the newest published date on do not count."""
    home = settings.load()
    out.print(f"{name} is stopped: days from {assigning.stop(name, home)} on do not count", markup=False)
