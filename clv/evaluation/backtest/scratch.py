"""Creates a temporary database for a backtest, beside the home's warehouse, fills it, and drops it afterwards."""

from __future__ import annotations

import dataclasses
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
from psycopg import conninfo, sql

from clv.catalog import tables
from clv.core import settings
from clv.core.errors import ClvError
from clv.sources.kinds import raw_tables, registry
from clv.warehouse import db

COPIED = (
    tables.BATCHES,
    tables.ORDER_LINES,
    tables.CHANNEL_SPEND,
    tables.WITHDRAWALS,
    tables.CUSTOMERS,
    tables.IDENTITY_LINKS,
    tables.SETTINGS,
)

PREFIX = "backtest_"
DIGITS = "[0-9a-f]{8}"  # what follows the prefix in a scratch database's name
LOCK = "select pg_try_advisory_lock(hashtextextended(%s, 0))"  # of a scratch database's name, until its backtest ends


@contextmanager
def database(home: settings.Settings, horizons: list[int]) -> Iterator[settings.Settings]:
    """Yields the home's settings, changed to use a new, migrated, empty database as the warehouse, and to forecast
    these horizons.

    First drops those that a killed backtest left. Raises ClvError if the database user may not create databases.
    """
    scratch = dataclasses.replace(home.with_shop(horizons=horizons), database=f"{PREFIX}{secrets.token_hex(4)}")
    made = _name(scratch.warehouse_url)
    with db.connect(home.warehouse_url, autocommit=True) as connection:
        _drop_unused(connection, _name(home.database_url(PREFIX)))
        connection.execute(LOCK, (made,))
        try:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(made)))
        except psycopg.errors.InsufficientPrivilege:
            user = connection.info.user
            raise ClvError(
                f"{user} may not create a database; have an administrator run: alter role {user} createdb;"
            ) from None
        try:
            db.migrate(scratch.warehouse_url)
            raw_tables.make(scratch)  # empty, for models of a shop's own that read them
            yield scratch
        finally:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(made)))


def _drop_unused(connection: psycopg.Connection, prefix: str) -> None:
    """Drops the scratch databases whose backtest has ended: it holds a lock on the name, and nobody is connected.

    Leaves those that the user may not drop, and databases with other names than a backtest gives.
    """
    for (name,) in connection.execute("select datname from pg_database").fetchall():
        if not re.fullmatch(re.escape(prefix) + DIGITS, name):
            continue
        if connection.execute(LOCK, (name,)).fetchall()[0][0]:
            with suppress(psycopg.errors.ObjectInUse, psycopg.errors.InsufficientPrivilege):
                connection.execute(sql.SQL("drop database if exists {}").format(sql.Identifier(name)))


def _name(url: str) -> str:
    return str(conninfo.conninfo_to_dict(url)["dbname"])


def copy_received(home: settings.Settings, scratch: settings.Settings) -> None:
    """Copies the rows received by the home's warehouse into the scratch database. Raises ClvError if there are none."""
    with db.connect(home.warehouse_url) as source, db.connect(scratch.warehouse_url) as target:
        source.execute("set transaction isolation level repeatable read, read only")
        if not source.execute(f"select 1 from {tables.BATCHES} limit 1").fetchone():  # noqa: S608 - our own names
            raise ClvError(
                "the warehouse holds no orders; load some with `clv ingest --source NAME --path FILE_OR_FOLDER`, "
                "or name a file with --orders"
            )
        target.execute(f"truncate {', '.join(COPIED)} cascade")  # the migrations have filled some of them
        there = source.execute("select to_regclass(%s) is not null", (tables.RATES,)).fetchall()[0][0]
        for table in (*COPIED, *((tables.RATES,) if there else ())):
            copied = f"copy {table} to stdout (format binary)"
            with (
                source.cursor().copy(copied) as out,  # type: ignore[arg-type]
                target.cursor().copy(f"copy {table} from stdin (format binary)") as into,  # type: ignore[arg-type]
            ):
                for piece in out:
                    into.write(piece)
        # Delete the batches of other kinds of sources, whose rows are not copied, because no forecast reads them.
        needed = [one.name for one in registry.known().values() if one.staged_by_model or one.table == tables.RATES]
        others = f"select batch_id from {tables.BATCHES} where kind <> all(%s)"  # noqa: S608 - our own names
        for table in (tables.WITHDRAWALS, tables.BATCHES):
            target.execute(f"delete from {table} where batch_id in ({others})", (needed,))  # type: ignore[arg-type]  # noqa: S608 - our own names
