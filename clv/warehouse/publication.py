"""Publishes runs. One new row in analytics.publications switches all readers of a date to another run at once.

To roll back, publish an earlier run again; to roll forward, a later one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from clv.catalog import published, tables
from clv.core.errors import ClvError
from clv.warehouse import db, locks, roles
from clv.warehouse.roles import PUBLISHER

GATES = ("raw", "staging", "features", "predictions", "analytics")
# The two definitions of a digest: of the rows, and, before there were these, of their text. A digest of the first
# begins with its name. PostgreSQL's hash of a row is a linear combination of those of its values, so a sum of such
# hashes would not tell which row has which value. It is hashed once more for this reason.
DEFINITION, OF_TEXT = "2-", ""
_HASHED = {
    DEFINITION: """,
        coalesce(sum(hashtextextended(hash_record_extended(row({hashable}), 1)::text, 1)), 0),
        coalesce(sum(hashtextextended(hash_record_extended(row({hashable}), 2)::text, 2)), 0)""",
    OF_TEXT: """,
        coalesce(sum(hashtextextended(row({values})::text, 1)), 0),
        coalesce(sum(hashtextextended(row({values})::text, 2)), 0)""",
    None: "",
}


@dataclass(frozen=True)
class Publication:
    """One publication of a run. The newest publication of a date is the current one, unless its rows were removed."""

    publication_id: int
    as_of_date: date
    run_id: str
    published_at: datetime
    published_by: str
    digest: str
    rows_published: dict[str, int]
    removed_at: datetime | None = None


def publish(as_of: date, run_id: str, published_by: str | None = None) -> dict:
    """Publishes a run for its date in one transaction and returns the facts. Does nothing if the run is current
    already.

    Raises ClvError if the run is for another date, was not judged by every gate, failed a gate, or lacks rows.
    published_by: the default is the database role.
    """
    with db.connect(roles.url(PUBLISHER)) as connection:
        connection.execute("select pg_advisory_xact_lock(%s)", (db.lock_key(locks.PUBLISH),))
        present = _newest(connection, as_of)
        if present and present.run_id == run_id:
            return _facts(present, already=True, replaced=None)
        _require_judged(connection, as_of, run_id)
        earlier = _publication_of(connection, run_id)
        if earlier and earlier.removed_at:
            raise ClvError(
                f"run {run_id} cannot be published, since upkeep has removed it; "
                f"start a new run with `clv run --as-of {as_of}`"
            )
        # Published rows never change, so a run that was published before keeps its digest. The digest cannot be
        # computed again, because rows of tables without a history may have been deleted.
        found = _totals(connection, as_of, run_id, published.tables(), None if earlier else DEFINITION)
        counts = {name: totals[0] for name, (_, totals) in found.items()}
        _require_rows(connection, as_of, run_id, counts, earlier)
        text = earlier.digest if earlier else _digest(found, DEFINITION)
        connection.execute(
            f"""
            insert into {tables.PUBLICATIONS} (as_of_date, run_id, published_by, digest, rows_published)
            values (%s, %s, coalesce(%s, current_user), %s, %s)
            """,  # noqa: S608 - our own names
            (as_of, run_id, published_by, text, json.dumps(earlier.rows_published if earlier else counts)),
        )
        inserted = _newest(connection, as_of)
    assert inserted is not None  # noqa: S101 - just now
    return _facts(inserted, already=False, replaced=present.run_id if present else None)


def digest(
    as_of: date,
    run_id: str,
    connection: psycopg.Connection | None = None,
    names: Iterable[str] | None = None,
    like: str = DEFINITION,
) -> str:
    """A digest of the run's rows in every published table (or in the tables `names`), without run_id. Equal digests
    mean equal rows, if both begin with `2-` or neither does.

    The order of rows does not matter: the digest uses, for each table, the number of rows and two sums of 64-bit hashes
    of the rows, with the columns ordered by name. like: a digest of the definition to use. Digests without `2-` were
    made by earlier versions, from the rows' text, and are found in their backups.
    """
    if connection is None:
        with db.connect(roles.url(PUBLISHER)) as own:
            return digest(as_of, run_id, own, names, like)
    definition = DEFINITION if like.startswith(DEFINITION) else OF_TEXT
    return _digest(_totals(connection, as_of, run_id, names or published.tables(), definition), definition)


def _digest(found: dict[str, tuple[list[str], tuple]], definition: str) -> str:
    parts = [f"{table}({','.join(columns)}): {totals}" for table, (columns, totals) in sorted(found.items())]
    return definition + hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _totals(
    connection: psycopg.Connection, as_of: date, run_id: str, names: Iterable[str], definition: str | None
) -> dict[str, tuple[list[str], tuple]]:
    """For each table its columns, and the number of the run's rows with the two sums of the definition's hashes, if one
    is given, in one pass over the table. Raises ClvError if a table does not exist."""
    # The text of a value must not depend on the session's settings.
    connection.execute(
        "set local timezone = 'UTC'; set local datestyle = 'ISO, YMD'; set local intervalstyle = 'postgres';"
        "set local extra_float_digits = 1"
    )
    found = {}
    for table in names:
        columns = _columns(connection, table)
        if not columns:
            raise ClvError(
                f"the table {tables.ANALYTICS_RUNS}.{table} is not there; run `clv up` to set the warehouse up"
            )
        hashed = sql.SQL(_HASHED[definition]).format(  # type: ignore[arg-type]
            values=sql.SQL(", ").join(map(sql.Identifier, columns)),
            hashable=sql.SQL(", ").join(
                sql.SQL("{}" if hashable else "{}::text").format(sql.Identifier(name))
                for name, hashable in columns.items()
            ),
        )
        query = sql.SQL("select count(*){hashed} from {table} where as_of_date = %s and run_id = %s").format(
            hashed=hashed, table=sql.Identifier(tables.ANALYTICS_RUNS, table)
        )
        found[table] = list(columns), connection.execute(query, (as_of, run_id)).fetchone()
    return found


def current(as_of: date | None = None, connection: psycopg.Connection | None = None) -> Publication | None:
    """The current publication of a date (default: of the latest published date); None if there is none, or if its rows
    were removed."""
    if connection is None:
        with db.connect(roles.url(PUBLISHER)) as own:
            return _newest(own, as_of)
    return _newest(connection, as_of)


def history(url: str | None = None) -> list[Publication]:
    """All publications, newest first. url: the warehouse (default: the home's)."""
    with (
        db.connect(url or roles.url(PUBLISHER)) as connection,
        connection.cursor(row_factory=class_row(Publication)) as cursor,
    ):
        return cursor.execute(f"select * from {tables.PUBLICATIONS} order by publication_id desc").fetchall()  # noqa: S608 - our own names


def by_date(url: str | None = None) -> dict[date, Publication]:
    """The newest publication of each date, also of dates whose rows were removed; the newest date first."""
    newest = {one.as_of_date: one for one in reversed(history(url))}
    return {day: newest[day] for day in sorted(newest, reverse=True)}


def removed_dates() -> set[date]:
    """The dates that were published and of which upkeep has removed the rows."""
    return {day for day, one in by_date().items() if one.removed_at}


def mark_removed(run_id: str, connection: psycopg.Connection) -> None:
    """Records that the rows of a run, if it was published, are removed: nobody can publish it again."""
    query = f"update {tables.PUBLICATIONS} set removed_at = now() where run_id = %s and removed_at is null"  # noqa: S608 - our own names
    connection.execute(query, (run_id,))


def _newest(connection: psycopg.Connection, as_of: date | None) -> Publication | None:
    query = f"""
        select * from {tables.PUBLICATIONS} where %(as_of)s::date is null or as_of_date = %(as_of)s
        order by as_of_date desc, publication_id desc limit 1
    """  # noqa: S608 - our own names
    with connection.cursor(row_factory=class_row(Publication)) as cursor:
        found = cursor.execute(query, {"as_of": as_of}).fetchone()
    return found if found and not found.removed_at else None


def _publication_of(connection: psycopg.Connection, run_id: str) -> Publication | None:
    query = f"select * from {tables.PUBLICATIONS} where run_id = %s order by publication_id desc limit 1"  # noqa: S608 - our own names
    with connection.cursor(row_factory=class_row(Publication)) as cursor:
        return cursor.execute(query, (run_id,)).fetchone()


def _require_judged(connection: psycopg.Connection, as_of: date, run_id: str) -> None:
    opened = connection.execute(f"select as_of_date from {tables.RUNS} where run_id = %s", (run_id,)).fetchone()  # noqa: S608 - our own names
    if opened is None or opened[0] != as_of:
        raise ClvError(f"there is no run '{run_id}' for {as_of}; `clv runs --as-of {as_of}` lists the date's runs")
    query = f"""
        select gate, string_agg(expectation, ', ' order by expectation)
            filter (where not success and severity = 'critical')
        from {tables.GATE_RESULTS} where run_id = %s group by gate
    """  # noqa: S608 - our own names
    judged = dict(connection.execute(query, (run_id,)).fetchall())
    again = f"start a new run with `clv run --as-of {as_of}`"
    if missing := [gate for gate in GATES if gate not in judged]:
        raise ClvError(
            f"run {run_id} was not judged by the gates {', '.join(missing)}, so it cannot be published; {again}"
        )
    if failed := [f"{gate} ({names})" for gate, names in judged.items() if names]:
        raise ClvError(f"run {run_id} failed the gates {', '.join(failed)}, so it cannot be published; {again}")


def _require_rows(
    connection: psycopg.Connection, as_of: date, run_id: str, counts: dict[str, int], earlier: Publication | None
) -> None:
    """Raises ClvError if a table has no rows but needs some.

    Every table needs rows, unless it may be empty. A run that was published earlier needs rows only in the tables that
    were published then. In a table without a history, it needs them only if its date is the latest, because readers see
    no other date there.
    """
    latest = _newest(connection, None)
    shown = latest is None or as_of >= latest.as_of_date
    empty = [
        table.name
        for table in published.tables().values()
        if not counts[table.name]
        and not table.may_be_empty
        and (not earlier or table.name in earlier.rows_published and (shown or table.history))
    ]
    if empty:
        raise ClvError(
            f"run {run_id} has no rows in {', '.join(empty)}: it did not finish, or upkeep has removed it; "
            f"start a new run with `clv run --as-of {as_of}`"
        )


def _columns(connection: psycopg.Connection, table: str) -> dict[str, bool]:
    """The columns of a published table without run_id, by name, each with whether PostgreSQL can hash its values."""
    query = """
        select attname, exists (
            select from pg_opclass join pg_am on pg_am.oid = opcmethod where amname = 'hash' and opcintype = atttypid
        )
        from pg_attribute
        where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped and attname <> 'run_id' order by attname
    """
    return dict(connection.execute(query, (f"{tables.ANALYTICS_RUNS}.{table}",)).fetchall())


def _facts(publication: Publication, already: bool, replaced: str | None) -> dict:
    return {
        "published": publication.run_id,
        "as_of_date": publication.as_of_date.isoformat(),
        "digest": publication.digest,
        "already_published": already,
        "replaced": replaced,
        "rows": publication.rows_published,
    }
