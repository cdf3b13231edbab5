"""Drops the rows of a kind of source whose declaration was removed."""

from __future__ import annotations

from contextlib import ExitStack

import psycopg

from clv.catalog import tables
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.sources.kinds import registry
from clv.sources.loading import copies
from clv.warehouse import db, locks


def rows(name: str, home: Settings) -> int:
    """Counts the rows of a kind whose folder was removed. Raises ClvError if there is no such kind, or if its folder
    still exists."""
    with db.connect(home.warehouse_url) as connection:
        return connection.execute(f"select count(*) from {_table(connection, name, home)}").fetchall()[0][0]  # type: ignore[arg-type]  # noqa: S608 - our own names


def drop(name: str, home: Settings) -> int:
    """Drops the table of a kind whose folder was removed, its batches, the copies of their files, and the ids and
    addresses of persons without rows elsewhere; returns the number of batches.

    Waits until running loads and builds have ended. If it is interrupted, it can be repeated. Raises ClvError if there
    is no such kind, if its folder still exists, or if something depends on its table.
    """
    with ExitStack() as stack:
        for lock in (locks.CUSTOMERS, locks.BUILD):
            stack.enter_context(db.lock(lock, home.warehouse_url))
        connection = stack.enter_context(db.connect(home.warehouse_url))
        table = _table(connection, name, home)
        _drop_persons(connection, table)
        try:
            connection.execute(f"drop table {table}")  # type: ignore[arg-type]
        except psycopg.errors.DependentObjectsStillExist as error:
            depends = (error.diag.message_detail or "").replace("\n", ", ")
            raise ClvError(f"{table} cannot be dropped ({depends}); drop what depends on it first") from None
        connection.execute(f"delete from {tables.KINDS} where kind = %s", (name,))  # type: ignore[arg-type]  # noqa: S608 - our own names
        for table in (tables.WITHDRAWALS, tables.BATCH_WARNINGS, tables.UNREADABLE_ROWS, tables.UNREADABLE_TEXTS):
            its_batches = f"select batch_id from {tables.BATCHES} where kind = %s"  # noqa: S608 - our own names
            connection.execute(f"delete from {table} where batch_id in ({its_batches})", (name,))  # type: ignore[arg-type]  # noqa: S608 - our own names
        statement = f"delete from {tables.BATCHES} where kind = %s returning content_sha256"  # noqa: S608 - our own names
        contents = [sha256 for (sha256,) in connection.execute(statement, (name,)).fetchall()]
        left = f"select content_sha256 from {tables.BATCHES} where content_sha256 = any(%s)"  # noqa: S608 - our own names
        of_others = {sha256 for (sha256,) in connection.execute(left, (contents,)).fetchall()}
        for sha256 in {*contents} - of_others:  # before the commit, so that a repetition finds those that are left
            copies.remove_copies(sha256, home)
    return len(contents)


def _table(connection: psycopg.Connection, name: str, home: Settings) -> str:
    """Returns the table of a kind whose folder was removed."""
    if name in registry.known(home):
        raise ClvError(f"the kind {name} is declared; remove its folder first, or withdraw its batches")
    found = connection.execute(f"select raw_table from {tables.KINDS} where kind = %s", (name,)).fetchall()  # type: ignore[arg-type]  # noqa: S608 - our own names
    if not found:
        raise ClvError(f"the warehouse knows no kind {name}; `clv up` names those whose folder is gone")
    return found[0][0]


def _drop_persons(connection: psycopg.Connection, table: str) -> None:
    """Deletes the ids and addresses of persons in a raw table who have rows in no other table."""
    of_customers = """
        select format('%I.%I', columns.table_schema, columns.table_name) from information_schema.columns
        inner join information_schema.tables using (table_schema, table_name)
        where column_name = 'customer_key' and table_type = 'BASE TABLE' and table_schema !~ '^pg_'
    """
    found = {name for (name,) in connection.execute(of_customers).fetchall()}
    if table in found:
        others = "".join(
            f" and not exists (select from {name} as rows where rows.customer_key = customers.customer_key)"  # noqa: S608 - our own names
            for name in sorted(found - {table, tables.CUSTOMERS})
        )
        connection.execute(
            f"delete from {tables.CUSTOMERS} as customers where customer_key in (select customer_key from {table})"  # type: ignore[arg-type]  # noqa: S608 - our own names
            f"{others}"
        )
