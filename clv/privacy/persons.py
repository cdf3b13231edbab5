"""Customers as persons: which person a key belongs to, and which tables have rows of persons."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import psycopg

from clv.catalog import tables
from clv.core import ids
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.sources.kinds.mappings import known_sources, load_mapping
from clv.warehouse import pseudonyms

_OTHER_LETTERS = "octet_length({0}) > length({0})"  # true for text with characters outside ASCII


@dataclass(frozen=True)
class Person:
    """A customer with the shop's id. namespace: keeps equal ids of two sources apart."""

    key: UUID
    customer_id: str
    namespace: str | None
    email: str | None = None


def named(customer_id: str, namespace: str | None, secret: bytes) -> Person:
    """The person with this id, and the key that follows from the secret."""
    return Person(UUID(bytes=pseudonyms.customer_key(secret, customer_id, namespace)), customer_id, namespace)


def known(connection: psycopg.Connection, home: Settings, secret: bytes, email: str | None = None) -> list[Person]:
    """All persons in pii, or those with this e-mail address.

    Raises ClvError if a person's key follows from no known namespace, because the mapping that gave the namespace is
    missing.
    """
    namespaces = _namespaces(home)
    query = f"""
        select customer_key, customer_id, email, source from {tables.CUSTOMERS}
        where %(email)s::text is null or lower(email) = lower(%(email)s) or {_OTHER_LETTERS.format("email")}
        order by customer_key
    """  # noqa: S608 - our own SQL; values are bound or quoted
    found = []
    for key, customer_id, address, source in connection.execute(query, {"email": email and ids.visible(email)}):  # type: ignore[arg-type]
        if email is not None and not same_address(address, email):
            continue
        for namespace in namespaces:
            if pseudonyms.customer_key(secret, customer_id, namespace) == key.bytes:
                found.append(Person(key, customer_id, namespace, address))
                break
        else:
            raise ClvError(
                f"a customer of the source {source} was named in a namespace that no mapping gives any more; "
                f"put the customer_namespace of that time back into {source}.yml, or into a mapping beside it"
            )
    return found


def lookalikes(connection: psycopg.Connection, person: Person, secret: bytes) -> list[Person]:
    """The rows of pii whose ids look like this person's. Before ids were cleaned (clv.core.ids), ids that differed only
    by invisible characters belonged to different customers."""
    query = f"""
        select customer_key, customer_id, email from {tables.CUSTOMERS}
        where customer_key = %s or {_OTHER_LETTERS.format("customer_id")} order by customer_key
    """  # noqa: S608 - our own SQL; values are bound or quoted
    return [
        Person(key, customer_id, person.namespace, email)
        for key, customer_id, email in connection.execute(query, (person.key,))  # type: ignore[arg-type]
        if ids.visible(customer_id) == ids.visible(person.customer_id)
        and pseudonyms.customer_key(secret, customer_id, person.namespace) == key.bytes
    ]


def same_address(one: str, other: str) -> bool:
    """Whether two e-mail addresses are equal, apart from case and invisible characters."""
    return ids.visible(one).lower() == ids.visible(other).lower()


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


def _namespaces(home: Settings) -> list[str | None]:
    namespaces: list[str | None] = [None]
    for source in known_sources(home):
        try:
            namespaces.append(load_mapping(source, home).customer_namespace)
        except ClvError:  # a mapping that cannot be read adds no namespace
            continue
    return list(dict.fromkeys(namespaces))
