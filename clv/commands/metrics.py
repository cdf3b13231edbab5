"""`clv metric`: figures that are defined once for everybody."""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import Annotated

import typer

from clv.commands.console import out
from clv.commands.formats import AsCsv, AsJson, Expanded, format_of
from clv.core import settings
from clv.reporting import analyst
from clv.transform import metrics


def metric(
    names: Annotated[list[str] | None, typer.Argument(help="Metrics, such as revenue; none lists them.")] = None,
    by: Annotated[
        list[str] | None, typer.Option(help="day, week, month, quarter, year, or a dimension; may be repeated.")
    ] = None,
    where: Annotated[
        list[str] | None, typer.Option(help="A condition, such as \"{{ Dimension('customer__segment') }} = 'loyal'\".")
    ] = None,
    show_sql: Annotated[bool, typer.Option("--sql", help="Print the query instead of running it.")] = False,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
    expanded: Expanded = False,
) -> None:
    """Query metrics, each defined once for everybody, as an analyst. Without a name, lists them.

    Shares are shown as percentages. --csv and --json give every number as it is.
    """
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
