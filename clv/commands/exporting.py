"""`clv export`: sends an approved list, or an arm of an experiment, to a destination."""

from __future__ import annotations

from typing import Annotated

import typer

from clv.commands.console import out
from clv.core import dates, settings
from clv.decisions.exporting import export as exporting


def export(
    name: Annotated[
        str, typer.Argument(help="Name of the list; or of an experiment and its arm, as in spring_mail.mail.")
    ],
    to: Annotated[str, typer.Option(help="Name of the destination, as CLV_HOME/destinations declares it.")],
    as_of: Annotated[str | None, typer.Option(help="Published date of the list. By default, the latest.")] = None,
) -> None:
    """Send an approved list, or an arm of an experiment, to a destination, and print what went out and who did not.

    Each customer of a list and date, or of an arm, goes to a destination once, however often the command is started or
    interrupted.
    Customers who may not be contacted, or were erased, do not go out.
    """
    home = settings.load()
    receipt = exporting.export(name, to, home, dates.parse_date(as_of, "--as-of") if as_of else None)
    for line in exporting.messages(receipt, home):
        out.print(line, markup=False, soft_wrap=True)
