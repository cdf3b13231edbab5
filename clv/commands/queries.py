"""`clv sql`, `clv metric`, `clv dictionary`, `clv docs`: what an analyst reads."""

from __future__ import annotations

import sys
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from clv.core import settings
from clv.core.errors import ClvError

AsCsv = Annotated[bool, typer.Option("--csv", help="Every row as CSV.")]
AsJson = Annotated[bool, typer.Option("--json", help="Every row as JSON, in one array.")]
Expanded = Annotated[bool, typer.Option("--expanded", "-x", help="One value a line, for rows of many columns.")]


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
    from clv.reporting import analyst

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


def format_of(as_csv: bool, as_json: bool, expanded: bool = False) -> str:
    """The one of tabular.FORMATS that the options select."""
    chosen = [name for name, wanted in (("csv", as_csv), ("json", as_json), ("expanded", expanded)) if wanted]
    if len(chosen) > 1:
        raise typer.BadParameter("give one of --csv, --json and -x")
    return chosen[0] if chosen else "table"


def metric(
    names: Annotated[list[str] | None, typer.Argument(help="Metrics, such as revenue; none lists them.")] = None,
    by: Annotated[
        list[str] | None, typer.Option(help="day, week, month, quarter, year, or a dimension; may be given again.")
    ] = None,
    where: Annotated[
        list[str] | None, typer.Option(help="A condition, such as \"{{ Dimension('customer__segment') }} = 'loyal'\".")
    ] = None,
    show_sql: Annotated[bool, typer.Option("--sql", help="Print the query instead of its answer.")] = False,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
    expanded: Expanded = False,
) -> None:
    """Query metrics, each defined once for everybody, as an analyst. Without a name, lists them.

    Shares are shown as percentages. --csv and --json give every number as it is.
    """
    from clv.commands.console import out
    from clv.reporting import analyst
    from clv.transform import metrics

    home = settings.load()
    style = format_of(as_csv, as_json, expanded)
    if not names:
        # List metrics with the same dimensions together.
        for by_names, group in groupby(sorted(metrics.listed(home), key=lambda one: one.by), key=lambda one: one.by):
            for one in group:
                out.print(f"{one.name}{f' ({one.unit})' if one.unit else ''}: {one.description}", markup=False)
            out.print(f"    by {', '.join(by_names)}\n")
        return
    query = metrics.sql(names, by or [], where or [], home)
    if show_sql:
        print(query)
        return
    readable = partial(metrics.readable, settings=home, rounded=style in ("table", "expanded"))
    analyst.query(query, home, style=style, readable=readable)


def dictionary() -> None:
    """Print the data dictionary as Markdown, from the warehouse's own comments."""
    from clv.transform import dictionary

    print(dictionary.markdown(), end="")


def env() -> None:
    """Print the lines with which dbt, called by itself, works on this home: eval "$(clv env)"."""
    from clv.transform import dbt_environment

    print("\n".join(dbt_environment.for_shell(settings.load())))


def docs() -> None:
    """Write dbt's documentation of every model as one page, under CLV_HOME/reports/dbt."""
    from clv.commands.console import out
    from clv.transform import dbt

    out.print(f"written: {dbt.document(settings.load())}")
