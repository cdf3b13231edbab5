"""The databases beside the warehouse, the analyst's role, and the check that an existing server will do."""

from __future__ import annotations

from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from clv import settings, tables, warehouse
from clv.errors import ClvError
from clv.privacy import pseudonyms

OLDEST_SERVER = 150000
ANALYST = "clv_analyst"
BESIDE = ("airflow", "mlflow")


def prepare(home: settings.Settings) -> list[str]:
    """Makes what is missing: the databases and the analyst's role. Gives remarks for the operator.

    Raises ClvError with the SQL for an administrator where we may not make them ourselves.
    """
    names = [_name(home.database_url(beside)) for beside in BESIDE]
    url = home.database_url("postgres") if home.embedded else home.warehouse_url
    with warehouse.connect(url, autocommit=True) as connection:
        version = connection.info.server_version
        if version < OLDEST_SERVER:
            needed = OLDEST_SERVER // 10000
            raise ClvError(f"CLV_WAREHOUSE_URL is PostgreSQL {version // 10000}; version {needed} or newer is needed")
        if home.embedded:
            _make_database(connection, "warehouse", closed=False)
        for name in names:
            _make_database(connection, name, closed=True)
        return _make_analyst(connection, home)


def claim_pseudonyms(home: settings.Settings) -> None:
    """Ties the warehouse to this home's pseudonym key. Raises ClvError when it was filled under another key."""
    mark = pseudonyms.mark(home.secret(pseudonyms.NAME).encode())
    with warehouse.connect(home.warehouse_url) as connection:
        connection.execute(
            f"insert into {tables.SETTINGS} (name, value) values ('pseudonym_key', %s) on conflict do nothing", (mark,)
        )
    pseudonyms.secret(home)


def _make_database(connection: psycopg.Connection, name: str, closed: bool) -> None:
    """A closed database is one that only its owner may connect to, and so not the analyst."""
    if connection.execute("select 1 from pg_database where datname = %s", (name,)).fetchone():
        return
    make = sql.SQL("create database {}").format(sql.Identifier(name))
    close = sql.SQL("revoke connect on database {} from public").format(sql.Identifier(name))
    try:
        connection.execute(make)
        if closed:
            connection.execute(close)
    except psycopg.errors.DuplicateDatabase:
        return
    except psycopg.errors.InsufficientPrivilege:
        owner = connection.info.user
        raise ClvError(
            f"{owner} may not create the database {name}; have an administrator run: "
            f'create database "{name}" owner "{owner}";'
        ) from None


def _make_analyst(connection: psycopg.Connection, home: settings.Settings) -> list[str]:
    password = sql.Literal(home.secret("analyst_password"))
    exists = connection.execute("select 1 from pg_roles where rolname = %s", (ANALYST,)).fetchone()
    if exists and not home.embedded:
        return _check_analyst(home)
    verb = sql.SQL("alter" if exists else "create")
    try:
        connection.execute(sql.SQL("{} role {} login password {}").format(verb, sql.Identifier(ANALYST), password))
    except psycopg.errors.InsufficientPrivilege:
        raise ClvError(
            f"{connection.info.user} may not create the role {ANALYST}; have an administrator run: "
            f"create role {ANALYST} login password '…'; and write that password to {home.secrets / 'analyst_password'}"
        ) from None
    return []


def _check_analyst(home: settings.Settings) -> list[str]:
    try:
        psycopg.connect(home.analyst_url, connect_timeout=10).close()
    except psycopg.OperationalError:
        return [other_password(home)]
    return []


def other_password(home: settings.Settings) -> str:
    """What the operator is told when the role was made by somebody else."""
    return f"the role {ANALYST} has another password: write it to {home.secrets / 'analyst_password'}"


def _name(url: str) -> str:
    return urlsplit(url).path.lstrip("/")
