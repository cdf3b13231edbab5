"""The options by which a command writes its rows as CSV or JSON, and their meaning."""

from __future__ import annotations

from typing import Annotated

import typer

AsCsv = Annotated[bool, typer.Option("--csv", help="Every row as CSV.")]
AsJson = Annotated[bool, typer.Option("--json", help="Every row as JSON, in one array.")]
Expanded = Annotated[bool, typer.Option("--expanded", "-x", help="One value a line, for rows of many columns.")]


def format_of(as_csv: bool, as_json: bool, expanded: bool = False) -> str:
    """The one of tabular.FORMATS that the options select."""
    chosen = [name for name, wanted in (("csv", as_csv), ("json", as_json), ("expanded", expanded)) if wanted]
    if len(chosen) > 1:
        raise typer.BadParameter("give one of --csv, --json and -x")
    return chosen[0] if chosen else "table"
