"""Drops the rows of a kind of source whose declaration was removed."""

from __future__ import annotations

from contextlib import ExitStack

from clv.catalog import tables
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.sources.kinds import registry
from clv.sources.loading import copies
from clv.warehouse import db, locks


def drop(name: str, home: Settings) -> int:
    """Drops the table of a kind whose folder was removed, its batches, and the copies of their files; returns the
    number of batches.

    Waits until running loads and builds have ended. Raises ClvError if there is no such kind, or if its folder still
    exists.
    """
    if name in registry.known(home):
        raise ClvError(f"the kind {name} is declared; remove its folder first, or withdraw its batches")
    with ExitStack() as stack:
        for lock in (locks.CUSTOMERS, locks.BUILD):
            stack.enter_context(db.lock(lock, home.warehouse_url))
        connection = stack.enter_context(db.connect(home.warehouse_url))
        known = f"delete from {tables.KINDS} where kind = %s returning raw_table"  # noqa: S608 - our own names
        found = connection.execute(known, (name,)).fetchall()
        if not found:
            raise ClvError(f"the warehouse knows no kind {name}; `clv up` names those whose folder is gone")
        connection.execute(f"drop table if exists {found[0][0]}")  # type: ignore[arg-type]
        for table in (tables.WITHDRAWALS, tables.BATCH_WARNINGS, tables.UNREADABLE_ROWS, tables.UNREADABLE_TEXTS):
            its_batches = f"select batch_id from {tables.BATCHES} where kind = %s"  # noqa: S608 - our own names
            connection.execute(f"delete from {table} where batch_id in ({its_batches})", (name,))  # type: ignore[arg-type]  # noqa: S608 - our own names
        statement = f"delete from {tables.BATCHES} where kind = %s returning content_sha256"  # noqa: S608 - our own names
        contents = [sha256 for (sha256,) in connection.execute(statement, (name,)).fetchall()]
        left = f"select content_sha256 from {tables.BATCHES} where content_sha256 = any(%s)"  # noqa: S608 - our own names
        of_others = {sha256 for (sha256,) in connection.execute(left, (contents,)).fetchall()}
        connection.commit()
        for sha256 in {*contents} - of_others:
            copies.remove_copies(sha256, home)
    return len(contents)
