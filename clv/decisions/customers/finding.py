"""Finds customers by what is known of one: her key, its first eight characters, the number of an order, or, for those
who may know, her e-mail address."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import psycopg

from clv.catalog.tables import PERSON_KEYS
from clv.core import ids
from clv.core.settings import Settings
from clv.sources.kinds import mappings
from clv.warehouse import addresses, db, pseudonyms

SHORT = re.compile(r"[0-9a-f]{8}")
MOST = 20  # customers that a search lists
LONGEST = 200  # characters of a search


class Found(NamedTuple):
    """A customer whom a search found. by: what of her it found, in words."""

    customer_key: UUID
    by: str

    @property
    def short_id(self) -> str:
        """The first eight characters of the key."""
        return str(self.customer_key)[:8]


def find(connection: psycopg.Connection, text: str, sources: Sequence[str]) -> list[Found]:
    """The customers of the newest published date whom a text names: the whole key, its first eight characters, or an
    order's number. At most MOST.

    sources: from which orders may be, since each has numbers of its own.
    """
    text = text.strip()
    if not text or len(text) > LONGEST or not text.isprintable():
        return []
    found = _by_key(connection, text) + _by_order(connection, text, sources)
    return list({one.customer_key: one for one in reversed(found)}.values())[::-1][:MOST]


def keys_of_address(address: str, home: Settings) -> list[UUID]:
    """The keys of the persons with this e-mail address, or with it as their id in the shop. The address goes to the
    database as a bound value, so that no log has it."""
    secret, address = pseudonyms.secret(home), address.strip()
    named = {
        UUID(bytes=pseudonyms.customer_key(secret, form, namespace))
        for namespace in mappings.namespaces(home)
        for form in ids.forms(address)
    }
    query = f"""
        select distinct coalesce(persons.customer_key, one.key) from unnest(%s::uuid[]) as one (key)
        left join {PERSON_KEYS} as persons on one.key = persons.account_key
    """  # noqa: S608 - our own name
    with db.connect(home.warehouse_url) as connection:
        keys = [*named | addresses.keys_of_address(connection, address)]
        return sorted(key for (key,) in connection.execute(query, (keys,)).fetchall())  # type: ignore[arg-type]


def published(connection: psycopg.Connection, keys: Sequence[UUID]) -> list[UUID]:
    """Those of the keys that customers of the newest published date have."""
    query = "select customer_key from analytics.customer_clv where customer_key = any(%s) order by customer_key"
    return [key for (key,) in connection.execute(query, (list(keys),)).fetchall()]


def _by_key(connection: psycopg.Connection, text: str) -> list[Found]:
    if SHORT.fullmatch(text.lower()):
        least, most = UUID(f"{text}{'0' * 24}"), UUID(f"{text}{'f' * 24}")
    else:
        try:
            least = most = UUID(text)
        except ValueError:
            return []
    query = """
        select customer_key from analytics.customer_clv
        where customer_key >= %s and customer_key <= %s order by customer_key limit %s
    """
    return [Found(key, "the key") for (key,) in connection.execute(query, (least, most, MOST)).fetchall()]


def _by_order(connection: psycopg.Connection, text: str, sources: Sequence[str]) -> list[Found]:
    """The customers of orders with this number. An order's key is its source and number; if several customers have one,
    all but the first order's key end in the customer's key, which begins with a digit or with a to f."""
    found = []
    for key in [text, *(f"{source}:{text}" for source in sources)]:
        query = """
            select customer_key, order_key from analytics.fct_orders where order_key = %(key)s
            union all
            select customer_key, order_key from analytics.fct_orders
            where order_key >= %(from)s and order_key <= %(to)s and starts_with(order_key, %(from)s)
            order by order_key limit %(most)s
        """
        values = {"key": key, "from": f"{key}:", "to": f"{key}:g", "most": MOST}
        found += [Found(customer, f"order {order}") for customer, order in connection.execute(query, values).fetchall()]
    return found
