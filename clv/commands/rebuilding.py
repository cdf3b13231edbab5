"""`clv rebuild`: staging and intermediate, which runs change only where rows arrived, built whole."""

from __future__ import annotations

from typing import Annotated

import typer

from clv.commands.console import out
from clv.core import settings
from clv.transform import rebuilding


def rebuild(
    check: Annotated[bool, typer.Option("--check", help="Only compare; change nothing.")] = False,
) -> None:
    """Build staging and intermediate whole from the rows as received, instead of changing them where rows arrived.

    Published rows stay as they are. With --check, exits with 1 when a table differs from a whole build, and names it.
    """
    home = settings.located()
    if not check:
        for table, rows in rebuilding.rebuild(home).items():
            out.print(f"{table}: {rows:,} rows", markup=False)
        return
    differences = rebuilding.check(home)
    for table, rows in differences.items():
        out.print(f"{table}: {rows:,} rows differ from a whole build", markup=False)
    if differences:
        out.print("`clv rebuild` builds them whole")
        raise typer.Exit(1)
    out.print("every table of staging and intermediate equals a whole build")
