"""Adds the e-mail addresses of customers that were loaded before the shop had a rule about them."""

from __future__ import annotations

from uuid import UUID

import psycopg

from clv.catalog import tables
from clv.core.settings import Settings
from clv.sources.identities import gathered

COUNTING = f"""
    select batch_id from {tables.BATCHES} as batches
    where not exists (select from {tables.WITHDRAWALS} as gone where gone.batch_id = batches.batch_id)
"""  # noqa: S608 - our own names
# Of these customers only the newest address is known. It counts from their first order on.
_MISSING = f"""
    with missing as (
        select customer_key, email, name from {tables.CUSTOMERS} as customers
        where email is not null and not exists (
            select from {tables.ADDRESSES} as addresses
            where addresses.customer_key = customers.customer_key and addresses.kind = 'email'
        )
    )
    select customer_key, 'email', email, name, min(ordered_at)::date, min(_batch_id)
    from missing inner join {tables.ORDER_LINES} using (customer_key)
    where _batch_id in ({COUNTING}) and _rule is null and ordered_at is not null
    group by customer_key, email, name
"""  # noqa: S608 - our own names


def add(connection: psycopg.Connection, home: Settings) -> None:
    """Adds an address for each customer who has one in pii.customers and none in pii.addresses, if a rule needs it."""
    if "email" not in gathered.rules(home):
        return
    found = connection.execute(_MISSING).fetchall()  # type: ignore[arg-type]
    batch_of = {key: batch for key, *_, batch in found}
    rows = gathered.digested([(key.bytes, *rest) for key, *rest, _ in found], home) if found else []
    columns = ", ".join(("batch_id", *gathered.SCHEMA.names))
    with connection.cursor().copy(f"copy {tables.ADDRESSES} ({columns}) from stdin") as copy:  # type: ignore[arg-type]
        for key, *rest in rows:
            customer_key = UUID(bytes=key)
            copy.write_row((batch_of[customer_key], customer_key, *rest))
