"""Makes ops.identity_links from what was loaded. Every run does it after its files are loaded, and so do the commands
that follow links."""

from __future__ import annotations

import psycopg

from clv.catalog import tables
from clv.core.settings import Settings
from clv.sources.identities import earlier, gathered, joining, reviewing
from clv.sources.identities.earlier import COUNTING
from clv.sources.identities.joining import Link, Seen
from clv.warehouse import db, locks
from clv.warehouse.roles import LOADER

_SHARED = f"""
    with counting as (
        select kind, digest, customer_key, given_name, whole_name, min(known_on) as known_on
        from {tables.ADDRESSES}
        where kind = any(%s) and batch_id in ({COUNTING})
        group by kind, digest, customer_key, given_name, whole_name
    )
    select kind, digest, customer_key, given_name, whole_name, known_on from counting
    where (kind, digest) in (
        select kind, digest from counting group by kind, digest having count(distinct customer_key) > 1
    )
"""  # noqa: S608 - our own names
# The newest row about a customer counts. Without a day of its own, it counts from the day on which it was received.
_MERGES = f"""
    select distinct on (customer_key) customer_key, same_as, coalesce(day, batches.loaded_at::date)
    from {tables.MERGES} inner join {tables.BATCHES} as batches on _batch_id = batches.batch_id
    where _rule is null and customer_key <> same_as and _batch_id in ({COUNTING})
    order by customer_key, batches.place desc, _line desc
"""  # noqa: S608 - our own names


def link(home: Settings) -> int:
    """Replaces the links by those that the shop's rules and the rows loaded so far give. Returns their number."""
    # Hold the shared customer lock, so that no customer is erased or renamed meanwhile.
    with (
        db.lock(locks.CUSTOMERS, home.url_as(LOADER), shared=True),
        db.connect(home.url_as(LOADER)) as connection,
    ):
        earlier.add(connection, home)
        found = _found(connection, home)
        there = connection.execute(
            f"select customer_key, other_key, rule, known_on, until_on from {tables.IDENTITY_LINKS}"  # noqa: S608 - our own names
        ).fetchall()
        if set(found) != set(there):
            connection.execute(f"delete from {tables.IDENTITY_LINKS}")  # noqa: S608 - our own names
            with connection.cursor().copy(
                f"copy {tables.IDENTITY_LINKS} (customer_key, other_key, rule, known_on, until_on) from stdin"
            ) as copy:
                for one in found:
                    copy.write_row(one)
    return len(found)


def _found(connection: psycopg.Connection, home: Settings) -> list[Link]:
    decided = reviewing.decisions(connection)
    found: list[Link] = []
    if kinds := gathered.rules(home):
        seen = (Seen(*row) for row in connection.execute(_SHARED, (kinds,)))  # type: ignore[arg-type]
        found = joining.links(seen, decided.splits)
    has_merges = connection.execute("select to_regclass(%s)", (tables.MERGES,)).fetchall()[0][0]
    if "merges" in home.shop.identities and has_merges:
        merges = connection.execute(_MERGES).fetchall()  # type: ignore[arg-type]
        stated = [Link(key, other, "merges", day) for key, other, day in merges]
        found += joining.until_split(stated, decided.splits)
    return found + decided.links
