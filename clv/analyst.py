"""The warehouse as an analyst sees it: queries as clv_analyst, who reads the schema analytics and changes nothing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import islice

import psycopg
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from clv import settings, tables, warehouse
from clv.errors import ClvError

TIMEOUT = 60  # seconds a query may take
ROWS_SHOWN = 200


def fetch(
    query: str, home: settings.Settings | None = None, params: dict | None = None, limit: int | None = None
) -> tuple[list[str], list[tuple]]:
    """Runs one query in a read-only transaction; gives its columns' names and its rows (at most `limit`).

    Raises ClvError, in one line, for whatever the query does wrong.
    """
    home = home or settings.load()
    with warehouse.connect(home.analyst_url) as connection:
        connection.read_only = True
        try:
            connection.execute("select set_config('statement_timeout', %s, true)", (f"{TIMEOUT}s",))
            cursor = connection.cursor()
            # Row by row: a table of millions is not brought here to show its first rows.
            rows = list(islice(cursor.stream(query, params), limit))  # type: ignore[arg-type]
            if not rows:  # then the stream has no columns either
                cursor.execute(query, params)  # type: ignore[arg-type]
            return [column.name for column in cursor.description or ()], rows
        except psycopg.Error as error:
            raise ClvError(_one_line(error)) from None


def query(text: str, home: settings.Settings | None = None, out: Console | None = None) -> None:
    """Runs a query and prints its first rows as a table."""
    names, rows = fetch(text, home, limit=ROWS_SHOWN + 1)
    out = out or Console(highlight=False)
    if not names:
        out.print("done, no rows to show")
        return
    _print(out, _table(names, rows[:ROWS_SHOWN]))
    if len(rows) > ROWS_SHOWN:
        out.print(f"the first {ROWS_SHOWN} rows; add a limit, or use psql for more", style="dim")
    else:
        out.print(f"{len(rows)} row{'' if len(rows) == 1 else 's'}", style="dim")


def summary(home: settings.Settings | None = None, out: Console | None = None, as_of: date | None = None) -> None:
    """Prints the value tiers and the segments of a published date (default: the latest)."""
    out = out or Console(highlight=False)
    shown = fetch(
        f"select max(as_of_date) from {tables.PUBLICATIONS} where %(day)s::date is null or as_of_date = %(day)s",
        home,
        {"day": as_of},
    )[1][0][0]
    if shown is None:
        raise ClvError("nothing is published yet; run `clv run --as-of DATE`")
    for title, column in (("Value tiers", "value_tier"), ("Segments", "segment")):
        names, rows = fetch(_GROUPS.format(column=column), home, {"day": shown})
        currency = fetch(_CURRENCY, home, {"day": shown})[1][0][0]
        _print(out, _table(names, rows, f"{title} on {shown}, money in {currency}"))


# Money of a group is the sum of what analysts read for each of its customers.
_GROUPS = """
    select
        coalesce({column}, 'no forecast') as {column},
        count(*) as customers,
        round(100.0 * count(*) / sum(count(*)) over (), 1) as percent,
        round(sum(historic_revenue)) as revenue,
        round(sum(predicted_clv)) as predicted_clv,
        round(avg(predicted_clv), 2) as average_clv
    from analytics.customer_clv_history
    where as_of_date = %(day)s
    group by {column}
    order by average_clv desc nulls last, customers desc
"""


_CURRENCY = "select min(currency) from analytics.customer_clv_history where as_of_date = %(day)s"


def _print(out: Console, table: Table) -> None:
    """Prints every column whole: a table wider than the terminal runs on rather than losing what it says."""
    needed = Measurement.get(out, out.options.update(max_width=100_000), table).maximum
    wide = Console(file=out.file, width=max(out.width, needed), force_terminal=out.is_terminal, highlight=False)
    wide.print(table, crop=False)


def _table(names: list[str], rows: list[tuple], title: str | None = None) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for index, name in enumerate(names):
        numeric = any(isinstance(row[index], (int, float, Decimal)) for row in rows)
        table.add_column(_text(name), justify="right" if numeric else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(_text(value) for value in row))
    return table


def _text(value: object) -> Text:
    if value is None:
        return Text()
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return Text(f"{value:,}")
    # What a shop's file brought must not steer the terminal.
    return Text("".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in str(value)))


_LISTED = ", ".join(
    [
        *(
            f"analytics.{name}{' and its _history' if table['history'] else ''}"
            for name, table in tables.PUBLISHED_TABLES.items()
        ),
        *(f"analytics.{name}" for name in tables.PUBLISHED_VIEWS),
    ]
)


def _one_line(error: psycopg.Error) -> str:
    reason = (error.diag.message_primary or str(error)).strip().splitlines()[0]
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return f"{reason}; analysts read the schema analytics: {_LISTED}"
    if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
        return f"{reason}; analysts read only"
    if isinstance(error, psycopg.errors.QueryCanceled):
        return f"the query took more than {TIMEOUT} seconds; narrow it, or use psql"
    if isinstance(error, psycopg.errors.UndefinedTable):
        return f"{reason}; there are {_LISTED}"
    hint = error.diag.message_hint
    return f"{reason} ({hint.rstrip('.')})" if hint else reason
