"""Connects to the warehouse, takes its locks and applies its migrations."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

import psycopg

from clv.core import settings as settings_module
from clv.core.errors import Unavailable

MIGRATIONS = Path(__file__).parent / "migrations"
_kept: ContextVar[tuple[ExitStack, dict[str | None, psycopg.Connection]] | None] = ContextVar("kept", default=None)


@contextmanager
def connect(url: str | None = None, autocommit: bool = False) -> Iterator[psycopg.Connection]:
    """Opens a connection to the warehouse (default: as its owner), which commits at the end and rolls back on error.

    Raises Unavailable if the warehouse does not answer.
    """
    url = url or settings_module.located().warehouse_url
    try:
        connection = psycopg.connect(url, autocommit=autocommit, application_name="clv", connect_timeout=10)
    except psycopg.OperationalError as error:
        where = settings_module.place(url)
        reason = str(error).strip().splitlines()[-1]
        raise Unavailable(
            f"the warehouse at {where} does not answer ({reason}); run `clv up`, or check CLV_WAREHOUSE_URL"
        ) from None
    with connection:
        yield connection


@contextmanager
def within(over: psycopg.Connection | None, url: str) -> Iterator[psycopg.Connection]:
    """A connection to act on: `over`, in whose transaction the act counts or does not, or else one of its own."""
    if over:
        yield over
        return
    with connect(url) as connection:
        yield connection


@contextmanager
def keeping_connections() -> Iterator[None]:
    """Within the block, `rows` keeps one connection for each URL and thread, since to open one takes longer than most
    queries."""
    if _kept.get():
        yield
        return
    with ExitStack() as stack:
        token = _kept.set((stack, {}))
        try:
            yield
        finally:
            _kept.reset(token)


def rows(sql: str, params: tuple | dict | None = None, url: str | None = None) -> list[tuple]:
    """Runs a query and returns its rows."""
    if kept := _kept.get():
        stack, connections = kept
        if url not in connections or connections[url].closed:
            connections[url] = stack.enter_context(connect(url, autocommit=True))
        with suppress(psycopg.OperationalError):  # the server was restarted
            return connections[url].execute(sql, params).fetchall()  # type: ignore[arg-type]
    with connect(url) as connection:
        return connection.execute(sql, params).fetchall()  # type: ignore[arg-type]


@contextmanager
def lock(name: str, url: str | None = None, shared: bool = False) -> Iterator[None]:
    """Waits for the warehouse-wide lock `name` and holds it.

    shared: several holders may have the lock at once; otherwise the holder is alone. The lock belongs to the
    connection, so PostgreSQL frees it when the holder's process ends.
    """
    kind = "_shared" if shared else ""
    with connect(url, autocommit=True) as connection:
        key = lock_key(name)
        connection.execute(f"select pg_advisory_lock{kind}(%s)", (key,))
        try:
            yield
        finally:
            connection.execute(f"select pg_advisory_unlock{kind}(%s)", (key,))


def lock_key(name: str) -> int:
    """The key of a lock for PostgreSQL: a signed 64-bit integer, derived from the name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)


def migrate(url: str | None = None) -> list[str]:
    """Applies the migrations that this database does not have yet, each in a transaction. Returns their names."""
    applied = []
    with lock("migrate", url), connect(url) as connection:
        connection.execute("create schema if not exists ops")
        connection.execute(
            "create table if not exists ops.migrations (name text primary key, applied_at timestamptz default now())"
        )
        seen = {name for (name,) in connection.execute("select name from ops.migrations").fetchall()}
        for path in sorted(MIGRATIONS.glob("*.sql")):
            if path.name in seen:
                continue
            connection.execute(path.read_text())  # type: ignore[arg-type]
            connection.execute("insert into ops.migrations (name) values (%s)", (path.name,))
            connection.commit()
            applied.append(path.name)
    return applied
