"""Creates the databases beside the warehouse and the roles, and checks that an existing server is new enough."""

from __future__ import annotations

from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from clv.catalog import tables
from clv.core import settings
from clv.core.errors import ClvError
from clv.warehouse import db, pseudonyms, roles

OLDEST_SERVER = 150000
ROLES = (*roles.PIPELINE, roles.ANALYST)
BUILDER = roles.name(roles.TRANSFORMER)  # the owner is a member, because it maintains the tables that dbt creates
SERVICE_DATABASES = ("airflow", "mlflow")


def prepare(home: settings.Settings) -> list[str]:
    """Creates the databases and roles that are missing; returns remarks for the operator.

    Raises ClvError, with the SQL for an administrator, when the home's user may not create them.
    """
    names = [_name(home.database_url(database)) for database in SERVICE_DATABASES]
    url = home.database_url("postgres") if home.embedded else home.warehouse_url
    with db.connect(url, autocommit=True) as connection:
        version = connection.info.server_version
        if version < OLDEST_SERVER:
            needed = OLDEST_SERVER // 10000
            raise ClvError(f"CLV_WAREHOUSE_URL is PostgreSQL {version // 10000}; version {needed} or newer is needed")
        if home.embedded:
            _make_database(connection, "warehouse", closed=False)
        for name in names:
            _make_database(connection, name, closed=True)
        return make_roles(connection, home)


def claim_pseudonyms(home: settings.Settings) -> None:
    """Records this home's pseudonym key in the warehouse. Raises ClvError when the warehouse was filled under another
    key."""
    digest = pseudonyms.secret_digest(home.secret(pseudonyms.NAME).encode())
    with db.connect(home.warehouse_url) as connection:
        connection.execute(
            f"insert into {tables.SETTINGS} (name, value) values ('pseudonym_key', %s) on conflict do nothing",  # noqa: S608 - our own names
            (digest,),
        )
    pseudonyms.secret(home)


def open_analytics(home: settings.Settings) -> None:
    """Lets analysts query the tables of `analytics` in this warehouse without naming the schema.

    The search path is a setting of the role in this database, so every client uses it. A dump does not contain the
    setting, so each set-up makes it again. Temporary tables come last in the search path, so that none can hide a
    published table.
    """
    statement = sql.SQL("alter role {} in database {} set search_path = {}, pg_temp").format(
        *map(sql.Identifier, (roles.name(roles.ANALYST), _name(home.warehouse_url), tables.ANALYTICS))
    )
    # A role may change its own settings, so the analyst tries if the owner may not.
    for url in (home.warehouse_url, home.analyst_url):
        try:
            with psycopg.connect(url, connect_timeout=10) as connection:
                connection.execute(statement)
            return
        except (psycopg.errors.InsufficientPrivilege, psycopg.OperationalError):
            continue


def _make_database(connection: psycopg.Connection, name: str, closed: bool) -> None:
    """Creates a database. If `closed`, only its owner may connect until a role is granted access."""
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


def make_roles(connection: psycopg.Connection, home: settings.Settings) -> list[str]:
    """Creates the missing roles with the home's passwords; in the embedded database also sets the passwords of existing
    roles.

    Raises ClvError, with the SQL for an administrator, when the home's user may not create roles, and when a role of
    the pipeline has another password. If only the analyst has another password, returns a remark.
    """
    there = {name for (name,) in connection.execute("select rolname from pg_roles").fetchall()}
    found = [role for role in ROLES if roles.name(role) in there]
    try:
        for role in ROLES:
            if role not in found:
                _set_password(connection, home, role, "create")
            elif home.embedded:
                _set_password(connection, home, role, "alter")
        if not connection.execute("select pg_has_role(%s, 'usage')", (BUILDER,)).fetchall()[0][0]:
            owner = sql.Identifier(connection.info.user)
            connection.execute(sql.SQL("grant {} to {}").format(sql.Identifier(BUILDER), owner))
    except psycopg.errors.InsufficientPrivilege:
        raise ClvError(_for_administrator(connection.info.user, [r for r in ROLES if r not in found], home)) from None
    others = [] if home.embedded else [role for role in found if not _lets_in(home.url_as(role))]
    if pipeline := [role for role in others if role in roles.PIPELINE]:
        raise ClvError("; ".join(other_password(home, role) for role in pipeline))
    return [other_password(home, role) for role in others]


def _set_password(connection: psycopg.Connection, home: settings.Settings, role: str, verb: str) -> None:
    """Sends the SCRAM verifier instead of the password, because PostgreSQL logs the text of a statement that fails."""
    name = roles.name(role)
    verifier = connection.pgconn.encrypt_password(
        home.secret(roles.secret(role)).encode(), name.encode(), b"scram-sha-256"
    )
    statement = sql.SQL(f"{verb} role {{}} login password {{}}")  # type: ignore[arg-type]
    try:
        connection.execute(statement.format(sql.Identifier(name), sql.Literal(verifier.decode())))
    except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):  # another home has just created it
        return


def _lets_in(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=10).close()
    except psycopg.OperationalError:
        return False
    return True


def other_password(home: settings.Settings, role: str) -> str:
    """The message about a role that already exists with another password, created for example by another home on this
    server."""
    return f"the role {roles.name(role)} has another password: write it to {home.secrets / roles.secret(role)}"


def _for_administrator(owner: str, missing: list[str], home: settings.Settings) -> str:
    statements = [f"create role {roles.name(role)} login password '…';" for role in missing]
    statements.append(f'grant {BUILDER} to "{owner}";')
    files = ", ".join(str(home.secrets / roles.secret(role)) for role in missing)
    return f"{owner} may not create the pipeline's roles; have an administrator run: {' '.join(statements)}" + (
        f" and write the passwords to {files}" if files else ""
    )


def _name(url: str) -> str:
    return urlsplit(url).path.lstrip("/")
