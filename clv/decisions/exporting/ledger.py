"""The ledger ops.exports: who goes out in which batch. A batch is committed before it is sent, and marked as sent after
it is confirmed, so that one that was interrupted is sent again with the same key and the same customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import class_row

from clv.catalog import tables
from clv.core import dates
from clv.warehouse import db, locks


@dataclass(frozen=True)
class Scope:
    """What goes where: within a scope, a customer goes out once. list_name: also EXPERIMENT.ARM, see `arm_of`."""

    list_name: str
    as_of_date: date
    destination: str

    @property
    def values(self) -> dict:
        """The values of a query."""
        return {"list_name": self.list_name, "as_of_date": self.as_of_date, "destination": self.destination}


@dataclass(frozen=True)
class Listed:
    """A customer of a list who is to be contacted. left_out: why not, nevertheless; None if nothing prevents it."""

    customer_key: UUID
    place: int
    channel: str
    action: str
    reason: str
    value_at_stake: Decimal | None
    value_at_stake_p10: Decimal | None
    value_at_stake_p90: Decimal | None
    customer_id: str | None
    email: str | None
    left_out: str | None = None


@dataclass(frozen=True)
class Batch:
    """Customers who go out together. key: by what the destination knows the batch if it is sent again."""

    number: int
    key: str
    run_id: str
    customers: list[UUID]


EVERY_CHANNEL = "every channel"  # of an experiment that names none (ops.arm_addresses)
_OF_SCOPE = "list_name = %(list_name)s and as_of_date = %(as_of_date)s and destination = %(destination)s"


def arm_of(name: str) -> tuple[str, str] | None:
    """The experiment and the arm of a name EXPERIMENT.ARM; None for a list, whose name has no dot."""
    experiment, dot, arm = name.partition(".")
    return (experiment, arm) if dot else None


def is_approved(connection: psycopg.Connection, scope: Scope) -> bool | None:
    """Whether the list may go out on its date; None if no such list was published."""
    query = "select ops.list_is_approved(%(list_name)s, %(as_of_date)s)"
    return connection.execute(query, scope.values).fetchall()[0][0]


def listed(connection: psycopg.Connection, scope: Scope, run_id: str) -> list[Listed]:
    """The customers to contact, in the order of their places: of an approved list, as a published run lists them, or of
    the arm of an experiment that is not over."""
    if arm := arm_of(scope.list_name):
        query, values = "select * from ops.arm_addresses(%s, %s)", arm
    else:
        query, values = "select * from ops.listed_addresses(%s, %s, %s)", (scope.list_name, scope.as_of_date, run_id)
    with connection.cursor(row_factory=class_row(Listed)) as cursor:
        return cursor.execute(query, values).fetchall()


def enter(connection: psycopg.Connection, scope: Scope, run_id: str) -> None:
    """Records who is on a list that goes out, in both arms, so that its hold-out can be read later."""
    query = "select ops.enter_listed(%(list_name)s, %(as_of_date)s, %(run_id)s)"
    connection.execute(query, {**scope.values, "run_id": run_id})


def known(connection: psycopg.Connection, scope: Scope) -> set[UUID]:
    """The customers of the scope who went out or may have, that is all in the ledger except those who were refused."""
    query = f"select customer_key from {tables.EXPORTS} where {_OF_SCOPE} and state <> 'refused'"  # noqa: S608 - our own names
    return {key for (key,) in connection.execute(query, scope.values).fetchall()}


def unfinished(connection: psycopg.Connection, scope: Scope) -> list[Batch]:
    """The batches that were not confirmed, the oldest first."""
    query = f"""
        select batch, idempotency_key, run_id, array_agg(customer_key)
        from {tables.EXPORTS} where {_OF_SCOPE} and state = 'sending'
        group by batch, idempotency_key, run_id order by batch
    """  # noqa: S608 - our own names
    return [Batch(*row) for row in connection.execute(query, scope.values).fetchall()]


def unfinished_dates(connection: psycopg.Connection, scope: Scope) -> list[date]:
    """The other dates of the list of which batches were not confirmed by the destination, the earliest first."""
    query = f"""
        select distinct as_of_date from {tables.EXPORTS}
        where list_name = %(list_name)s and destination = %(destination)s and as_of_date <> %(as_of_date)s
            and state = 'sending'
        order by 1
    """  # noqa: S608 - our own names
    return [day for (day,) in connection.execute(query, scope.values).fetchall()]


def add(
    connection: psycopg.Connection,
    scope: Scope,
    run_id: str,
    customers: Sequence[Listed],
    contacts: int | None = None,
    days: int | None = None,
) -> Batch:
    """Takes customers into a new batch, except those who went out or may have, and those who were in `contacts` other
    lists or arms of their channel within `days` days. What is of EVERY_CHANNEL counts in each."""
    query = f"""
        insert into {tables.EXPORTS} as taken
            (list_name, as_of_date, destination, customer_key, channel, run_id, batch, idempotency_key, added_at)
        select %(list_name)s, %(as_of_date)s, %(destination)s, customer_key, channel, %(run_id)s, %(batch)s, %(key)s,
            %(now)s
        from unnest(%(customers)s::uuid[], %(channels)s::text[]) as listed (customer_key, channel)
        where %(contacts)s::integer is null or %(contacts)s > (
            select count(distinct (earlier.list_name, earlier.as_of_date))
            from {tables.EXPORTS} as earlier
            where earlier.customer_key = listed.customer_key
                and (earlier.channel = listed.channel or %(every)s in (earlier.channel, listed.channel))
                and earlier.added_at > %(now)s - make_interval(days => %(days)s)
                and (earlier.list_name, earlier.as_of_date) <> (%(list_name)s, %(as_of_date)s)
                and earlier.state <> 'refused'
        )
        on conflict (list_name, as_of_date, destination, customer_key) do update
        set state = 'sending', run_id = excluded.run_id, batch = excluded.batch,
            idempotency_key = excluded.idempotency_key, added_at = excluded.added_at
        where taken.state = 'refused'
        returning customer_key
    """  # noqa: S608 - our own names
    newest = f"select coalesce(max(batch), 0) from {tables.EXPORTS} where {_OF_SCOPE}"  # noqa: S608 - our own names
    with connection.transaction():
        # So that no two exports count a customer's contacts at the same moment.
        connection.execute("select pg_advisory_xact_lock(%s)", (db.lock_key(locks.EXPORTS),))
        number, key = connection.execute(newest, scope.values).fetchall()[0][0] + 1, uuid4().hex
        values = {
            **scope.values, "run_id": run_id, "batch": number, "key": key, "contacts": contacts, "days": days or 0,
            "now": dates.now(), "every": EVERY_CHANNEL,
            "customers": [one.customer_key for one in customers], "channels": [one.channel for one in customers],
        }  # fmt: skip
        added = [customer for (customer,) in connection.execute(query, values).fetchall()]
    return Batch(number, key, run_id, added)


def confirm(connection: psycopg.Connection, scope: Scope, batch: Batch, sent: Sequence[UUID]) -> None:
    """Marks these customers of a batch as sent, and its others as unsure."""
    connection.execute(
        f"""
        update {tables.EXPORTS}
        set state = case when customer_key = any(%(sent)s) then 'sent' else 'unsure' end,
            sent_at = case when customer_key = any(%(sent)s) then %(now)s end
        where {_OF_SCOPE} and batch = %(batch)s
        """,  # noqa: S608 - our own names
        {**scope.values, "batch": batch.number, "sent": list(sent), "now": dates.now()},
    )


def release(connection: psycopg.Connection, scope: Scope, batch: Batch) -> None:
    """Marks the customers of a batch as refused. The destination took none of them, so a later batch may have them."""
    connection.execute(
        f"update {tables.EXPORTS} set state = 'refused' where {_OF_SCOPE} and batch = %(batch)s",  # noqa: S608 - our own names
        {**scope.values, "batch": batch.number},
    )


def batches_of(connection: psycopg.Connection, customers: Sequence[UUID]) -> list[tuple[Scope, int]]:
    """The batches that any of these customers are in."""
    query = (
        f"select distinct list_name, as_of_date, destination, batch from {tables.EXPORTS} where customer_key = any(%s)"  # noqa: S608 - our own names
    )
    return [(Scope(*scope), batch) for *scope, batch in connection.execute(query, (list(customers),)).fetchall()]


class Went(NamedTuple):
    """How many customers of a list and date are in a state at a destination. until: when the last one was confirmed."""

    destination: str
    state: str
    customers: int
    until: datetime | None


def by_destination(connection: psycopg.Connection, list_name: str, as_of: date) -> list[Went]:
    """Where the customers of a list and date went, by destination and state."""
    query = f"""
        select destination, state, count(*), max(sent_at) from {tables.EXPORTS}
        where list_name = %s and as_of_date = %s group by destination, state order by destination, state
    """  # noqa: S608 - our own names
    return [Went(*row) for row in connection.execute(query, (list_name, as_of)).fetchall()]


def of_customer(connection: psycopg.Connection, key: UUID) -> list[str]:
    """Where a customer went, in words, the earliest first: the list or arm, its date, the destination and the day."""
    query = f"""
        select
            case when position('.' in list_name) > 0 then 'arm ' else 'list ' end || list_name || ' of ' || as_of_date
            || case state when 'sent' then ' went to ' else ' may have gone to ' end
            || destination || ' on ' || added_at::date
        from {tables.EXPORTS} where customer_key = %s order by added_at, list_name, destination
    """  # noqa: S608 - our own names
    return [where for (where,) in connection.execute(query, (key,)).fetchall()]
