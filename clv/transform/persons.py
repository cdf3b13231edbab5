"""Which ids intermediate counts as one person: those that were linked before a date.

Links have dates, and intermediate serves runs of all dates. So it is changed, where ids are affected, to the persons
of the date for which it is read next. Most dates have the same persons, and then nothing changes.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

import psycopg

from clv.catalog import tables
from clv.transform import notes
from clv.warehouse import identities


def may_differ(connection: psycopg.Connection) -> bool:
    """Whether any ids are linked, or counted as one person."""
    query = f"select exists (select from {tables.IDENTITY_LINKS}) or exists (select from {tables.PERSON_KEYS})"  # noqa: S608 - our own names
    return connection.execute(query).fetchall()[0][0]


def are_of(connection: psycopg.Connection, day: date) -> bool:
    """Whether intermediate is built with the persons of a date."""
    if _present(connection) != _wanted(connection, day):
        return False
    now = connection.execute(f"select {notes.PERSON_KEYS}, {notes.NO_PERSONS}").fetchall()[0]  # type: ignore[arg-type]
    return now[0] == (notes.noted(notes.PERSONS, connection) or now[1])


def set_to(connection: psycopg.Connection, day: date) -> int:
    """Gives ops.person_keys the persons of a date, and adds to ops.touched_customers everybody whose lines get another
    key. Returns how many ids have another key than before."""
    present, wanted = _present(connection), _wanted(connection, day)
    changed = [key for key in present.keys() | wanted.keys() if present.get(key) != wanted.get(key)]
    touched = {*changed, *filter(None, (one.get(key) for key in changed for one in (present, wanted)))}
    with connection.cursor() as cursor:
        cursor.executemany(
            f"insert into {tables.TOUCHED_CUSTOMERS} values (%s) on conflict do nothing",  # noqa: S608 - our own names
            [(key,) for key in sorted(touched)],
        )
        cursor.execute(f"delete from {tables.PERSON_KEYS} where account_key = any(%s)", (changed,))  # noqa: S608 - our own names
        cursor.executemany(
            f"insert into {tables.PERSON_KEYS} (account_key, customer_key) values (%s, %s)",  # noqa: S608 - our own names
            [(key, wanted[key]) for key in sorted(changed) if key in wanted],
        )
    return len(changed)


def _present(connection: psycopg.Connection) -> dict[UUID, UUID]:
    return dict(connection.execute(f"select account_key, customer_key from {tables.PERSON_KEYS}").fetchall())  # noqa: S608 - our own names


def _wanted(connection: psycopg.Connection, day: date) -> dict[UUID, UUID]:
    pairs = identities.linked_before(connection, day)
    keys = list({key for pair in pairs for key in pair})
    query = f"""
        select customer_key, min(ordered_at) from {tables.STG_ORDER_LINES}
        where customer_key = any(%s) group by customer_key
    """  # noqa: S608 - our own names
    return identities.person_keys(pairs, dict(connection.execute(query, (keys,)).fetchall()))
