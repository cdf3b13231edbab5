"""`clv rotate-key`: makes a new secret and replaces every customer's key in every table, in one transaction.

The new secret is first written beside the old one. The transaction records which secret is valid, and then the new file
replaces the old one. If the rotation is interrupted, pseudonyms.secret uses the secret that the warehouse recorded, and
completes the replacement.
"""

from __future__ import annotations

import secrets
from contextlib import ExitStack, nullcontext

import psycopg

from clv.catalog import tables
from clv.core import owners_files
from clv.core.errors import ClvError
from clv.core.progress import Step
from clv.core.settings import Settings
from clv.privacy import files, persons
from clv.transform import changed_raw
from clv.warehouse import db, locks, pseudonyms


def rotate(home: Settings, step: Step = nullcontext) -> dict[str, int]:
    """Gives every customer a new key, after running loads, builds and forecasts have ended. Returns the number of
    changed rows per table.

    Nothing but the keys changes. Raises ClvError, and changes nothing, if a key belongs to nobody in pii.
    """
    place = home.secrets / pseudonyms.NAME
    if place.is_symlink():
        raise ClvError(f"{place} is a link to {place.resolve()}, which is not the home's to change; rotate where it is")
    with ExitStack() as stack:
        with step("loads, builds and forecasts have ended"):
            for lock in (locks.CUSTOMERS, locks.BUILD):
                stack.enter_context(db.lock(lock, home.warehouse_url))
        old, new = pseudonyms.secret(home), secrets.token_urlsafe(32).encode()
        with step("every customer is renamed"), db.connect(home.warehouse_url) as connection:
            connection.execute("select pg_advisory_xact_lock(%s)", (db.lock_key(locks.PUBLISH),))
            _make_names(connection, persons.known(connection, home, old), new)
            rows = {table: _rename(connection, table) for table in persons.tables_of_customers(connection)}
            for table, column in persons.second_keys(connection):
                connection.execute(
                    f"update {table} set {column} = new_key from names where {column} = old_key"  # type: ignore[arg-type]  # noqa: S608 - our own names
                )
            connection.execute(
                f"insert into {tables.SETTINGS} (name, value) values ('pseudonym_key', %s) "  # noqa: S608 - our own names
                "on conflict (name) do update set value = excluded.value",
                (pseudonyms.secret_digest(new),),
            )
            # Customers who are otherwise equal are ordered by key, so a build gives other rows.
            changed_raw.forget(connection)
            owners_files.write(home.secrets / pseudonyms.PENDING, new)
            pages = files.remove_pages(home)
        pseudonyms.secret(home)
    with step("the reports are made again"):
        files.make_pages(home, pages)
    return {table: count for table, count in rows.items() if count}


def _make_names(connection: psycopg.Connection, everybody: list[persons.Person], new: bytes) -> None:
    """Fills a temporary table names(old_key, new_key)."""
    connection.execute("create temporary table names (old_key uuid primary key, new_key uuid) on commit drop")
    with connection.cursor().copy("copy names from stdin") as copy:
        for person in everybody:
            named = persons.named(person.customer_id, person.namespace, new)
            copy.write_row((person.key, named.key))
    connection.execute("analyze names")


def _rename(connection: psycopg.Connection, table: str) -> int:
    """Replaces the customer keys of a table, also inside its other keys. Returns the number of rows."""
    unknown = connection.execute(
        f"select count(distinct customer_key) from {table} left join names on customer_key = old_key "  # type: ignore[arg-type]  # noqa: S608 - our own SQL; values are bound or quoted
        "where customer_key is not null and old_key is null"
    ).fetchall()[0][0]
    if unknown:
        raise ClvError(f"{table} has {unknown:,} customers who are not in {tables.CUSTOMERS}; restore it from a backup")
    query = """
        select column_name from information_schema.columns
        where table_schema || '.' || table_name = %s and data_type = 'text'
            and (column_name ~ '_key$' or column_name in ('order_id', 'refund_of'))
    """
    values = {"customer_key": "new_key"}
    for (column,) in connection.execute(query, (table,)).fetchall():
        dashed = f"replace({column}, old_key::text, new_key::text)"
        values[column] = f"replace({dashed}, replace(old_key::text, '-', ''), replace(new_key::text, '-', ''))"
    renamed = ", ".join(f"{column} = {value}" for column, value in values.items())
    return connection.execute(f"update {table} set {renamed} from names where customer_key = old_key").rowcount  # type: ignore[arg-type]  # noqa: S608 - our own SQL; values are bound or quoted
