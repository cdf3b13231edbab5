"""The warehouse as an analyst sees it. Queries run as the role clv_analyst, which can read the schema analytics and
change nothing."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from difflib import get_close_matches
from itertools import chain

import psycopg
from rich.console import Console

from clv.catalog import published, tables
from clv.core import settings, tabular
from clv.core.errors import ClvError
from clv.reporting import remarks
from clv.warehouse import db

TIMEOUT = 60  # seconds a query may take


@contextmanager
def answer(
    query: str, home: settings.Settings | None = None, params: dict | None = None
) -> Iterator[tuple[list[str], Iterator[tuple]]]:
    """Runs one query in a read-only transaction; yields its column names and an iterator of its rows.

    Raises ClvError, in one line, for any error of the query.
    """
    home = home or settings.load()
    with db.connect(home.analyst_url) as connection:
        connection.read_only = True
        cursor = connection.cursor()
        # Stream row by row, so that showing the first rows of a table of millions does not load the table.
        rows: Generator[tuple] = cursor.stream(query, params)  # type: ignore[arg-type, assignment]
        try:
            connection.execute("select set_config('statement_timeout', %s, true)", (f"{TIMEOUT}s",))
            first = next(rows, None)
            if first is None:  # an empty stream has no column names, so run the query without a stream
                cursor.execute(query, params)  # type: ignore[arg-type]
            names = [column.name for column in cursor.description or ()]
            yield names, iter(()) if first is None else chain([first], rows)
        except psycopg.Error as error:
            raise ClvError(_one_line(error, home)) from None
        finally:
            rows.close()  # ends the query if the caller did not read all rows


def fetch(
    query: str, home: settings.Settings | None = None, params: dict | None = None
) -> tuple[list[str], list[tuple]]:
    """The column names and all rows of a query; see `answer`."""
    with answer(query, home, params) as (names, rows):
        return names, list(rows)


def query(
    text: str,
    home: settings.Settings | None = None,
    out: Console | None = None,
    style: str = "table",
    readable: Callable[[list[str], Iterator[tuple]], tuple[list[str], Iterator[tuple]]] | None = None,
) -> None:
    """Runs a query and writes its rows in one of tabular.FORMATS, after `readable` has formatted them."""
    with answer(text, home) as (names, rows):
        if names:
            tabular.write(*(readable(names, rows) if readable else (names, rows)), style, out)
        else:
            (out or Console(highlight=False)).print("done; the query returns no rows")


GROUPS = {"value_tier": "Value tiers", "segment": "Segments"}


def summary(
    home: settings.Settings | None = None,
    out: Console | None = None,
    as_of: date | None = None,
    groups: Iterable[str] = tuple(GROUPS),
) -> None:
    """Prints the value tiers and the segments of a published date (default: the latest), or only the given GROUPS."""
    out = out or Console(highlight=False)
    shown = fetch(
        f"select max(as_of_date) from {tables.PUBLICATIONS} where %(day)s::date is null or as_of_date = %(day)s",  # noqa: S608 - our own names
        home,
        {"day": as_of},
    )[1][0][0]
    if shown is None:
        raise ClvError("nothing is published yet; run `clv run --as-of DATE`")
    for column in groups:
        names, rows = fetch(_GROUPS.format(column=column), home, {"day": shown})
        currency = fetch(_CURRENCY, home, {"day": shown})[1][0][0]
        tabular.show(out, tabular.make(names, rows, f"{GROUPS[column]} on {shown}, money in {currency}"))
    query = remarks.QUERY.format(relation="analytics.segment_summary_history", condition="as_of_date = %(day)s")
    basis = remarks.Basis(*fetch(query, home, {"day": shown})[1][0])
    for remark in remarks.of_run(basis, home or settings.load()):
        out.print(f"[yellow]note:[/] {remark}", soft_wrap=True)


# The value of a group is summed from the values that analysts read for each customer, so that the sums agree.
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


def _instead(reason: str, home: settings.Settings) -> str:
    """What to do about PostgreSQL's `reason`, which names a relation that does not exist."""
    name = reason.partition('"')[2].partition('"')[0].removeprefix(f"{tables.ANALYTICS}.")
    query = "select relname from pg_class where relnamespace = %s::regnamespace and relkind in ('r', 'v')"
    there = {found for (found,) in db.rows(query, (tables.ANALYTICS,), home.analyst_url)}
    if name not in there and any(name in table.views for table in published.everything().values()):
        return "it is declared but not built: run `clv up`"
    if alike := get_close_matches(name, sorted(there), 3):
        return f"did you mean {' or '.join(f'{tables.ANALYTICS}.{one}' for one in alike)}?"
    return "`clv dictionary` describes the tables that there are"


def _one_line(error: psycopg.Error, home: settings.Settings) -> str:
    reason = (error.diag.message_primary or str(error)).strip().splitlines()[0]
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return f"{reason}; analysts read only the schema {tables.ANALYTICS}, which `clv dictionary` describes"
    # PostgreSQL reports the second error when someone tries to change a view over several tables.
    if isinstance(error, psycopg.errors.ReadOnlySqlTransaction | psycopg.errors.ObjectNotInPrerequisiteState):
        return f"{reason}; analysts have read access only"
    if isinstance(error, psycopg.errors.QueryCanceled):
        return f"the query took more than {TIMEOUT} seconds; restrict it to fewer rows, or use psql"
    if isinstance(error, psycopg.errors.UndefinedTable):
        return f"{reason}; {_instead(reason, home)}"
    hint = error.diag.message_hint
    return f"{reason} ({hint.rstrip('.')})" if hint else reason
