"""`clv sql`: an analyst's query."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from clv.commands.formats import AsCsv, AsJson, Expanded, format_of
from clv.core import settings
from clv.core.errors import ClvError
from clv.reporting import analyst


def sql(
    query: Annotated[
        str | None,
        typer.Argument(help='A query, such as "select * from analytics.customer_clv"; - reads it from standard input.'),
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="A file that holds the query.")] = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
    expanded: Expanded = False,
) -> None:
    """Run a query as an analyst, who reads the schema analytics and changes nothing.

    Shows the first 200 rows as a table, numbers to four decimals. --csv and --json write every row and every decimal.
    """
    style = format_of(as_csv, as_json, expanded)
    if (query is None) == (file is None):
        raise typer.BadParameter("give a query, or -f with a file that holds one")
    analyst.query(_text(query, file), settings.located(), style=style)


def _text(query: str | None, file: Path | None) -> str:
    if file is None:
        return sys.stdin.read() if query == "-" else query or ""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ClvError(f"the query's file {file} cannot be read ({reason})") from None
