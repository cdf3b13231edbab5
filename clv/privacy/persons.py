"""Customers as persons: which person a key belongs to, and which tables have rows of persons."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

import psycopg

from clv.catalog import tables
from clv.core import ids
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.sources.kinds import mappings
from clv.sources.loading import texts
from clv.sources.mapping.model import FileMapping
from clv.warehouse import addresses, pseudonyms


@dataclass(frozen=True)
class Person:
    """A customer with the shop's id.

    namespace: keeps equal ids of two sources apart. source: the source that the customer was first seen in, if known.
    other_ids: other forms of the id, which go on the list of erased
    persons too.
    """

    key: UUID
    customer_id: str
    namespace: str | None
    email: str | None = None
    source: str | None = None
    other_ids: tuple[str, ...] = ()


def named(customer_id: str, namespace: str | None, secret: bytes) -> Person:
    """The person with this id, and the key that follows from the secret."""
    return Person(UUID(bytes=pseudonyms.customer_key(secret, customer_id, namespace)), customer_id, namespace)


def known(
    connection: psycopg.Connection,
    home: Settings,
    secret: bytes,
    email: str | None = None,
    keys: Collection[UUID] | None = None,
) -> list[Person]:
    """All persons in pii, or those with this e-mail address, or with these keys.

    Raises ClvError if a person's key follows from no known namespace, because the mapping that gave the namespace is
    missing.
    """
    namespaces, found = mappings.namespaces(home), []
    for key, customer_id, address, source in addresses.rows(connection, email, keys):
        for namespace in namespaces:
            if pseudonyms.customer_key(secret, customer_id, namespace) == key.bytes:
                found.append(Person(key, customer_id, namespace, address, source))
                break
        else:
            raise ClvError(
                f"a customer of the source {source} was named in a namespace that no mapping gives any more; "
                f"put the customer_namespace of that time back into {source}.yml, or into a mapping beside it"
            )
    return found


def forms(customer_id: str, mapping: FileMapping) -> tuple[str, ...]:
    """The forms of an id: as given, as cleaned, and as the mapping writes it now."""
    return tuple(dict.fromkeys((*ids.forms(customer_id), texts.as_customer(customer_id, mapping))))


def lookalikes(
    connection: psycopg.Connection, named_by: list[Person], secret: bytes, mapping: FileMapping
) -> list[Person]:
    """The rows of pii of these persons, and those whose ids the mapping writes as it writes theirs.

    Rows loaded before the mapping changed, or before ids were cleaned (clv.core.ids), have ids of another form.
    """
    written = {texts.as_customer(person.customer_id, mapping) for person in named_by}
    plain = r"lower(regexp_replace(customer_id, '\.0+$', ''))"
    query = f"""
        select customer_key, customer_id, email from {tables.CUSTOMERS}
        where customer_key = any(%s) or {plain} = any(%s) or {addresses.OTHER_LETTERS.format("customer_id")}
        order by customer_key
    """  # noqa: S608 - our own SQL; values are bound or quoted
    keys, namespace = [person.key for person in named_by], named_by[0].namespace
    bare = [re.sub(r"\.0+$", "", one).lower() for one in written]
    return [
        Person(key, customer_id, namespace, email)
        for key, customer_id, email in connection.execute(query, (keys, bare))  # type: ignore[arg-type]
        if (key in keys or texts.as_customer(customer_id, mapping) in written)
        and pseudonyms.customer_key(secret, customer_id, namespace) == key.bytes
    ]


def tables_of_customers(connection: psycopg.Connection) -> list[str]:
    """The names of all tables with rows of customers; raw's order lines first."""
    query = """
        select table_schema || '.' || table_name
        from information_schema.columns inner join information_schema.tables using (table_schema, table_name)
        where column_name = 'customer_key' and table_type = 'BASE TABLE'
            and table_schema not in ('pg_catalog', 'information_schema') and table_schema !~ '^pg_'
        order by table_schema || '.' || table_name <> %s, 1
    """
    return [name for (name,) in connection.execute(query, (tables.ORDER_LINES,)).fetchall()]  # type: ignore[arg-type]


def second_keys(connection: psycopg.Connection) -> list[tuple[str, str]]:
    """The columns in which a row of a customer names a second one, each with its table."""
    query = """
        select table_schema || '.' || table_name, column_name
        from information_schema.columns
        where data_type = 'uuid' and column_name not like '\\_%%' and column_name <> 'customer_key'
            and table_schema || '.' || table_name = any(%s)
        order by 1, 2
    """
    return connection.execute(query, (tables_of_customers(connection),)).fetchall()
