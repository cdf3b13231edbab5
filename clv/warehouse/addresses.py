"""Customers by their e-mail addresses, which pii.customers has. What calls this may read personal data."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from uuid import UUID

import psycopg

from clv.catalog import tables
from clv.core import ids

OTHER_LETTERS = "octet_length({0}) > length({0})"  # true for text with characters outside ASCII


def rows(
    connection: psycopg.Connection, email: str | None = None, keys: Collection[UUID] | None = None
) -> Iterator[tuple[UUID, str, str, str]]:
    """Yields key, id, address and source of all customers in pii, or of those with this e-mail address or with these
    keys."""
    query = f"""
        select customer_key, customer_id, email, source from {tables.CUSTOMERS}
        where (%(email)s::text is null or lower(email) = lower(%(email)s) or {OTHER_LETTERS.format("email")})
            and (%(keys)s::uuid[] is null or customer_key = any(%(keys)s))
        order by customer_key
    """  # noqa: S608 - our own SQL; values are bound or quoted
    values = {"email": email and ids.visible(email), "keys": None if keys is None else [*keys]}
    for row in connection.execute(query, values):  # type: ignore[arg-type]
        if email is None or same_address(row[2], email):
            yield row


def keys_of_address(connection: psycopg.Connection, email: str) -> set[UUID]:
    """The keys of all customers with this e-mail address, of whatever namespace."""
    return {key for key, *_ in rows(connection, email)}


def same_address(one: str, other: str) -> bool:
    """Whether two e-mail addresses are equal, apart from case and invisible characters.

    Addresses have been stored without invisible characters since they are cleaned on load; older rows may have some. An
    erasure must find these too. The view ops.customers_of_address ignores case only, because there a missed pair just
    leaves a customer out of a comparison.
    """
    return ids.visible(one).lower() == ids.visible(other).lower()
