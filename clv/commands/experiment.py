"""`clv experiment`: plans experiments, divides customers at random, and reads what acting on them changed."""

from __future__ import annotations

from typing import Annotated

import typer

from clv.commands.console import out
from clv.commands.experiment_replay import replay
from clv.commands.formats import AsCsv, AsJson, format_of
from clv.core import settings, tabular
from clv.decisions.experiments import definitions, planning, wording

Name = Annotated[str, typer.Argument(help="Name of the experiment: experiments/NAME.yml in the home.")]
app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
app.command()(replay)


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
