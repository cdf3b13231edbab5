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
from clv.transform import dbt
from clv.warehouse import db, roles

PASSWORDS = {role: secrets.token_urlsafe(16) for role in roles.PIPELINE}
MIGRATED, SET_UP = "migrated", "set_up"  # databases that others are copies of
PARSED = ("*-partial_parse.msgpack", "semantic-*.json")
# What dbt parsed in a database of this name. Parsing takes seconds, and is done again where the name is another.
_parsed: dict[str, dict[str, bytes]] = {}


def make_roles(connection: psycopg.Connection) -> None:
    """The pipeline's roles, which all homes of a server share."""
    there = {name for (name,) in connection.execute("select rolname from pg_roles").fetchall()}
    for role, password in PASSWORDS.items():
        if roles.name(role) not in there:
            connection.execute(f"create role {roles.name(role)} login password '{password}'")  # type: ignore[arg-type]


def make_warehouse(connection: psycopg.Connection, server: str, template: str) -> str:
    """Makes a warehouse that is a copy of a template, or of what there is of it; returns the name of the database.

    MIGRATED is made if it does not exist yet. Without SET_UP, the warehouse is only migrated.
    """
    there = databases(connection)
    if MIGRATED not in there:
        connection.execute(f"create database {MIGRATED}_partial")  # type: ignore[arg-type]
        db.migrate(f"{server}/{MIGRATED}_partial")
        connection.execute(f"alter database {MIGRATED}_partial rename to {MIGRATED}")  # type: ignore[arg-type]
    names = (f"warehouse_{number}" for number in itertools.count(1))
    database = next(name for name in names if name not in there)
    copied = template if template in there else MIGRATED
    copy(connection, copied, database)
    return database


def copy(connection: psycopg.Connection, database: str, name: str) -> None:
    """Makes `name` a copy of a database. Ends whatever uses either, since PostgreSQL copies none that is in use."""
    connection.execute(f"drop database if exists {name} with (force)")  # type: ignore[arg-type]
    connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (database,))
    connection.execute(f"create database {name} template {database}")  # type: ignore[arg-type]


def databases(connection: psycopg.Connection) -> set[str]:
    """The names of the server's databases."""
    return {name for (name,) in connection.execute("select datname from pg_database").fetchall()}


def set_up(connection: psycopg.Connection, database: str, home: settings.Settings) -> None:
    """Makes dbt's tables and views in a home's warehouse, and the template SET_UP from it, if that does not exist."""
    if SET_UP in databases(connection):
        return
    dbt.build("setup", {}, home)
    copy(connection, database, f"{SET_UP}_partial")
    connection.execute(f"alter database {SET_UP}_partial rename to {SET_UP}")  # type: ignore[arg-type]


@contextmanager
def made_home(
    server: str, folder: Path, monkeypatch: pytest.MonkeyPatch, template: str = MIGRATED
) -> Iterator[settings.Settings]:
    """A home with its own warehouse without rows, which is removed with it; CLV_HOME and CLV_WAREHOUSE_URL point to it.

    template: MIGRATED, or SET_UP for a warehouse that has dbt's tables and views too, as after `clv up`.
    """
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        make_roles(connection)
        database = make_warehouse(connection, server, template)
        (folder / "secrets").mkdir(parents=True)
        for secret in ("pseudonym_key", "analyst_password"):
            (folder / "secrets" / secret).write_text(secrets.token_hex(32))
        for role, password in PASSWORDS.items():
            (folder / "secrets" / roles.secret(role)).write_text(password)
        monkeypatch.setenv("CLV_HOME", str(folder))
        monkeypatch.setenv("CLV_WAREHOUSE_URL", f"{server}/{database}")
        if template == SET_UP:
            (folder / "dbt").mkdir()
            for name, content in _parsed.get(database, {}).items():
                (folder / "dbt" / name).write_bytes(content)
            set_up(connection, database, settings.load())
    yield settings.load()
    for file in (file for pattern in PARSED for file in (folder / "dbt").glob(pattern)):
        _parsed.setdefault(database, {}).setdefault(file.name, file.read_bytes())
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        for name in (database, f"{database}_mlflow"):
            connection.execute(f"drop database if exists {name} with (force)")  # type: ignore[arg-type]
