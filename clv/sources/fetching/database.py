"""Reads the rows of a table or a query of an SQL database."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import groupby

import sqlalchemy as sa
from sqlalchemy import exc

from clv.core import dates
from clv.core.errors import ClvError, Unavailable
from clv.sources.fetching import cursors, rows
from clv.sources.fetching.declaration import Database
from clv.sources.fetching.rows import Found
from clv.sources.fetching.secrets import Secrets
from clv.sources.mapping.complaints import first_line

# What databases say of mistakes, by errors that may also be of a server that does not answer.
MISTAKE = re.compile(
    r"no such (table|column)|authentication failed|access denied|unknown (database|column)|"
    r"(database|role) .* does not exist|no pg_hba.conf entry|unable to open database file",
    re.IGNORECASE,
)
AT_ONCE = 10_000  # rows that are held in memory
POSITION = "clv_position"  # the name of the column with the latest change of a row's key


def read(declared: Database, since: str | None, secrets: Secrets) -> Generator[Found]:
    """Yields the rows of each key of which a row changed at a value of the cursor column or later; None: of all keys.

    One statement reads all rows, so that they show the database at one moment. Raises ClvError, or Unavailable if the
    database does not answer.
    """
    today = dates.today()
    with connected(declared.url, secrets) as connection:
        connection.execution_options(stream_results=True, yield_per=AT_ONCE)
        answer = connection.execute(_statement(declared, since, connection.dialect))
        _require_columns(declared, list(answer.keys()))
        for _, listed in groupby(answer.mappings(), lambda row: rows.key_of(row, declared.key)):
            group = [dict(row) for row in listed]
            positions = [row.pop(POSITION, None) for row in group]
            yield rows.unit(group, declared.key)
            if positions[0] is not None:
                yield rows.position(cursors.as_text(positions[0]), today)


def unread(declared: Database, secrets: Secrets) -> int:
    """Returns the number of rows that `read` never yields: those without a key or a value in the cursor column."""
    with connected(declared.url, secrets) as connection:
        name = connection.dialect.identifier_preparer.quote_identifier
        columns = [*declared.key, *([declared.cursor.column] if declared.cursor else [])]
        missing = " or ".join(f"q.{name(column)} is null" for column in columns)
        query = f"select count(*) from {_rows(declared, connection.dialect)} q where {missing}"  # noqa: S608 - the shop's own query
        return connection.execute(_text(query)).scalar_one()


@contextmanager
def connected(url: str, secrets: Secrets, is_written: bool = False) -> Iterator[sa.Connection]:
    """Connects to the database of a declared address. Raises Unavailable for errors that may pass, and ClvError for
    others.

    is_written: whether rows are written. Messages then name only the kind of an error, since databases quote values.
    """
    engine, quoted = _engine(url, secrets), True
    try:
        with engine.connect() as connection:
            quoted = not is_written
            yield connection
    except exc.SQLAlchemyError as error:
        is_broken = isinstance(error, exc.OperationalError) or getattr(error, "connection_invalidated", False)
        if is_broken and not MISTAKE.search(str(getattr(error, "orig", error))):
            raise Unavailable(_message("does not answer", error, secrets, url, quoted)) from None
        mistake = "cannot be written" if is_written else "cannot be read"
        raise ClvError(_message(mistake, error, secrets, url, quoted)) from None
    finally:
        engine.dispose()


def _engine(declared: str, secrets: Secrets) -> sa.Engine:
    url = secrets.filled_in(declared)
    remedy = "write it as postgresql+psycopg://user:password@host:port/database"
    if url.startswith(("mysql", "mariadb")):
        remedy = "write it as mysql+pymysql://user:password@host:port/database, after `make bootstrap-connectors`"
    place = secrets.place(declared) or "url"
    try:
        engine = sa.create_engine(url, hide_parameters=True, poolclass=sa.pool.NullPool)
    except (exc.ArgumentError, ValueError):
        raise ClvError(f"{place} holds no address of a database; {remedy}") from None
    except ImportError as error:
        raise ClvError(f"the database needs the package {error.name}; install it, or {remedy}") from None
    if engine.url.host and "@" in f"{engine.url.host}{engine.url.database}":  # messages would show a part of it
        raise ClvError(f"{place} has an @ within the user or the password; write it as %40")
    return engine


def _statement(declared: Database, since: str | None, dialect: sa.Dialect) -> sa.TextClause:
    name = dialect.identifier_preparer.quote_identifier
    source = _rows(declared, dialect)
    keys = ", ".join(name(column) for column in declared.key)
    where = " and ".join(f"q.{name(column)} is not null" for column in declared.key)
    if not (cursor := declared.cursor):
        return _text(f"select q.* from {source} q where {where} order by {keys}")  # noqa: S608 - the shop's own query
    column = f"q.{name(cursor.column)}"
    where += f" and {column} >= :since" if since is not None else f" and {column} is not null"
    changed = f"select {keys}, max({column}) as {POSITION} from {source} q where {where} group by {keys}"  # noqa: S608 - the shop's own query
    joined = " and ".join(f"q.{name(column)} = changed.{name(column)}" for column in declared.key)
    order = ", ".join(f"q.{name(column)}" for column in declared.key)
    query = f"""
        select q.*, changed.{POSITION} from {source} q inner join ({changed}) changed on {joined}
        order by changed.{POSITION}, {order}
    """  # noqa: S608 - the shop's own query
    return _text(query, since)


def _rows(declared: Database, dialect: sa.Dialect) -> str:
    """Returns the table, or the query in parentheses. A dot in a table's name follows its schema."""
    if declared.query:
        return f"({declared.query.strip().rstrip(';')}\n)"  # on a line of its own, since a comment may end the query
    name = dialect.identifier_preparer.quote_identifier
    return ".".join(name(part) for part in (declared.table or "").split("."))


def _text(query: str, since: str | None = None) -> sa.TextClause:
    """Returns a statement. The value has no type of its own, so that the database compares it as the column's."""
    text = sa.text(query.replace(":", "\\:").replace("\\:since", ":since"))
    if since is None:
        return text
    value = int(since) if cursors.is_whole(since) else since
    return text.bindparams(sa.bindparam("since", value, type_=sa.types.NullType()))


def _require_columns(declared: Database, names: list[str]) -> None:
    if twice := [name for name in names if names.count(name) > 1]:
        raise ClvError(f"the query has two columns named '{twice[0]}'; give one of them another name, with `as`")
    if missing := [column for column in declared.key if column not in names]:
        raise ClvError(
            f"the database has no column '{missing[0]}', by which `key` identifies rows; it has "
            f"{', '.join(name for name in names if name != POSITION)}"
        )


def _message(what: str, error: Exception, secrets: Secrets, url: str, quoted: bool) -> str:
    """Returns one line about an error. The statement and its values are left out. quoted: whether the line has the
    error's text; otherwise, it has its class and the SQLSTATE."""
    cause = getattr(error, "orig", None) or error
    state = getattr(cause, "sqlstate", None)
    reason = first_line(cause) if quoted else f"{type(cause).__name__}{f', SQLSTATE {state}' if state else ''}"
    return (
        f"the database {what} ({secrets.without(reason)}); check {secrets.place(url) or '`url`'}, and the declaration"
    )
