"""Homes for single tests, on the session's PostgreSQL."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from clv.core import settings
from clv.warehouse import db, roles

PASSWORDS = {role: secrets.token_urlsafe(16) for role in roles.PIPELINE}
MIGRATED = "migrated"
_numbers = itertools.count(1)


def make_roles(connection: psycopg.Connection) -> None:
    """The pipeline's roles, which all homes of a server share."""
    there = {name for (name,) in connection.execute("select rolname from pg_roles").fetchall()}
    for role, password in PASSWORDS.items():
        if roles.name(role) not in there:
            connection.execute(f"create role {roles.name(role)} login password '{password}'")  # type: ignore[arg-type]


def make_warehouse(connection: psycopg.Connection, server: str, database: str) -> None:
    """A migrated, empty warehouse: a copy of the first one on the server, which is migrated."""
    there = {name for (name,) in connection.execute("select datname from pg_database").fetchall()}
    if MIGRATED not in there:
        connection.execute(f"create database {MIGRATED}_partial")  # type: ignore[arg-type]
        db.migrate(f"{server}/{MIGRATED}_partial")
        connection.execute(f"alter database {MIGRATED}_partial rename to {MIGRATED}")  # type: ignore[arg-type]
    connection.execute(f"create database {database} template {MIGRATED}")  # type: ignore[arg-type]


@contextmanager
def made_home(server: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[settings.Settings]:
    """A home with its own migrated, empty warehouse, which is removed with it; CLV_HOME and CLV_WAREHOUSE_URL point to
    it."""
    database = f"warehouse_{next(_numbers)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        make_roles(connection)
        make_warehouse(connection, server, database)
    (folder / "secrets").mkdir(parents=True)
    for secret in ("pseudonym_key", "analyst_password"):
        (folder / "secrets" / secret).write_text(secrets.token_hex(32))
    for role, password in PASSWORDS.items():
        (folder / "secrets" / roles.secret(role)).write_text(password)
    monkeypatch.setenv("CLV_HOME", str(folder))
    monkeypatch.setenv("CLV_WAREHOUSE_URL", f"{server}/{database}")
    yield settings.load()
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        for name in (database, f"{database}_mlflow"):
            connection.execute(f"drop database if exists {name} with (force)")  # type: ignore[arg-type]
