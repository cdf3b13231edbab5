"""Creates the raw tables of declared kinds, and adds columns that were declared later. Run by the owner (`clv up`)."""

from __future__ import annotations

import psycopg

from clv.catalog import tables
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.core.sql_text import literal, quoted
from clv.sources.kinds import registry
from clv.sources.kinds.columns import SQL_TYPES
from clv.sources.kinds.declared import Kind
from clv.warehouse import db
from clv.warehouse.roles import LOADER


def make(home: Settings) -> None:
    """Creates the tables and columns of kinds that are missing, and records in raw.kinds which rows replace which.
    Staging reads raw.kinds."""
    with db.connect(home.warehouse_url) as connection:
        for kind in registry.known(home).values():
            if not kind.staged_by_model:
                for statement in _statements(kind):
                    connection.execute(statement)  # type: ignore[arg-type]


def require(kind: Kind, home: Settings) -> None:
    """Raises ClvError if the table of the kind, or a column of it, does not exist yet."""
    query = "select attname from pg_attribute where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped"
    there = {name for (name,) in db.rows(query, (kind.table,), home.url_as(LOADER))}
    if not there:
        raise ClvError(f"the kind {kind.name} has no table {kind.table} yet; make it with `clv up`")
    if lacking := [column.name for column in kind.kept if column.name not in there]:
        raise ClvError(
            f"the table {kind.table} does not have the column {lacking[0]} of the kind {kind.name} yet; "
            "add it with `clv up`"
        )


def of_customers(home: Settings) -> list[Kind]:
    """Returns the kinds whose rows are about customers and whose table exists; orders last, because the rows of other
    kinds may be found by them. `clv up` creates the table, so a kind declared since then has no rows yet."""
    kinds = [kind for kind in reversed(registry.known(home).values()) if kind.rows_of_customer]
    query = "select name from unnest(%s::text[]) as name where to_regclass(name) is not null"
    made = {name for (name,) in db.rows(query, ([kind.table for kind in kinds],), home.warehouse_url)}
    return [kind for kind in kinds if kind.table in made]


def with_customers(connection: psycopg.Connection) -> list[str]:
    """Returns the raw tables whose rows belong to customers, including those of kinds whose folder was removed."""
    query = """
        select 'raw.' || table_name from information_schema.columns
        where table_schema = 'raw' and column_name in ('customer_key', '_batch_id')
        group by table_name having count(*) = 2 order by 1
    """
    return [name for (name,) in connection.execute(query).fetchall()]


def without_folder(home: Settings, only_customers: bool = False) -> list[str]:
    """Returns one line, with the remedy, for each kind that has rows in the warehouse but whose folder was removed.

    only_customers: leaves out kinds whose rows belong to no customers.
    """
    known = registry.known(home)
    with db.connect(home.warehouse_url) as connection:
        kinds = connection.execute(f"select kind, raw_table from {tables.KINDS} order by 1").fetchall()  # noqa: S608 - our own names
        of_customers = with_customers(connection)
        gone = [
            name
            for name, table in kinds
            if name not in known
            and (table in of_customers or not only_customers)
            and connection.execute(f"select from {table} limit 1").rowcount  # type: ignore[arg-type]  # noqa: S608 - our own names
        ]
    return [registry.gone(name, home) for name in gone]


def require_folders(home: Settings) -> None:
    """Raises ClvError if the folder of a kind with customers was removed: its rows cannot be erased without the
    declaration."""
    if gone := without_folder(home, only_customers=True):
        raise ClvError(gone[0])


def _statements(kind: Kind) -> list[str]:
    types = {column.name: SQL_TYPES[column.type] for column in kind.kept}
    if kind.has_customers:
        types = {"customer_key": SQL_TYPES["customer"], **types}
    whole = (
        f", check (_rule is not null or num_nulls({', '.join(map(quoted, kind.needed))}) = 0)" if kind.needed else ""
    )
    means = {column.name: column.means for column in kind.kept} | {"customer_key": "Keyed pseudonym of the customer."}
    listed = ", ".join(f"{quoted(name)} {type_}" for name, type_ in types.items())
    return [
        f"""
        create table if not exists {kind.table} (
            _batch_id bigint not null,
            _source text not null,
            _loaded_at timestamptz not null default now(),
            _line bigint not null,
            _content uuid not null,
            _rule text,
            {listed}{whole}
        )
        """,
        *(f"alter table {kind.table} add column if not exists {quoted(name)} {type_}" for name, type_ in types.items()),
        f"create index if not exists {kind.table.removeprefix('raw.')}_by_batch on {kind.table} (_batch_id)",
        f"comment on table {kind.table} is {literal(f'As received, append-only: a row is {kind.means}.')}",
        *(f"comment on column {kind.table}.{quoted(name)} is {literal(means[name])}" for name in types),
        f"grant select, insert on {kind.table} to clv_loader",
        f"grant select on {kind.table} to clv_transformer, clv_publisher",
        f"""
        insert into {tables.KINDS} (kind, raw_table, replaces, replaces_in_file)
        values (
            {literal(kind.name)}, {literal(kind.table)}, {_names(kind.replaces)},
            {_names(kind.replaces_in_file or kind.replaces)}
        )
        on conflict (kind) do update set raw_table = excluded.raw_table, replaces = excluded.replaces,
            replaces_in_file = excluded.replaces_in_file
        """,  # noqa: S608 - our own SQL; values are bound or quoted
    ]


def _names(names: tuple[str, ...]) -> str:
    """Returns names of columns of the raw table as an SQL array of texts."""
    kept = ["customer_key" if name == "customer" else name for name in names]
    return f"array[{', '.join(map(literal, kept))}]::text[]"
