"""Persons: the ids of customers that are one person, from the links of ops.identity_links."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from uuid import UUID

import psycopg

from clv.catalog import tables

Pair = tuple[UUID, UUID]


def groups(pairs: Iterable[Pair]) -> list[set[UUID]]:
    """The groups of keys that are connected by pairs, directly or through others."""
    group_of: dict[UUID, set[UUID]] = {}
    for one, other in pairs:
        larger, smaller = group_of.get(one, {one}), group_of.get(other, {other})
        if len(larger) < len(smaller):
            larger, smaller = smaller, larger
        larger |= smaller
        group_of.update(dict.fromkeys({one, other} | smaller, larger))
    return list({id(group): group for group in group_of.values()}.values())


def person_keys(pairs: Iterable[Pair], first_order_at: Mapping[UUID, datetime]) -> dict[UUID, UUID]:
    """The key of the person by each id that has another key.

    A person has the key of the id that ordered first, so that an id that is added later changes no other's key.
    """
    found = {}
    for group in groups(pairs):
        person = min(group, key=lambda key: (key not in first_order_at, first_order_at.get(key), key))
        found |= dict.fromkeys(group - {person}, person)
    return found


def linked_before(connection: psycopg.Connection, day: date) -> list[Pair]:
    """The pairs of ids that a run for this date takes for one person."""
    query = f"""
        select customer_key, other_key from {tables.IDENTITY_LINKS}
        where known_on < %(day)s and (until_on is null or until_on >= %(day)s)
    """  # noqa: S608 - our own names
    return connection.execute(query, {"day": day}).fetchall()


def same_persons(connection: psycopg.Connection, keys: Collection[UUID]) -> set[UUID]:
    """All ids of the persons with these ids, by every link that holds now, whatever its date."""
    pairs = connection.execute(
        f"select customer_key, other_key from {tables.IDENTITY_LINKS} where until_on is null"  # noqa: S608 - our own names
    ).fetchall()
    return set(keys).union(*(group for group in groups(pairs) if not group.isdisjoint(keys)))


def forget(connection: psycopg.Connection, key: UUID) -> None:
    """Removes an erased id from links and persons, and has intermediate built again for the other ids of its person."""
    connection.execute(
        f"""
        with gone as (
            delete from {tables.PERSON_KEYS} where %(key)s in (account_key, customer_key)
            returning account_key, customer_key
        )
        insert into {tables.TOUCHED_CUSTOMERS}
        select unnest(array[account_key, customer_key]) from gone
        on conflict do nothing
        """,  # noqa: S608 - our own names
        {"key": key},
    )
    for table in (tables.IDENTITY_LINKS, tables.IDENTITY_DECISIONS):
        connection.execute(f"delete from {table} where %s in (customer_key, other_key)", (key,))  # type: ignore[arg-type]  # noqa: S608 - our own names
