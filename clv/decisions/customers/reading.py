"""Reads what is published about one customer. Nothing of it names the person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg.rows import class_row, namedtuple_row

from clv.core.errors import ClvError

PAGE = 20  # orders
MOST_DATES = 60  # published dates of a history


class Value(NamedTuple):
    """A customer's value at a published date, in money; None without a forecast."""

    as_of_date: date
    predicted_clv: Decimal | None
    predicted_clv_low: Decimal | None
    predicted_clv_high: Decimal | None
    churn_risk: Decimal | None
    churn_band: str | None
    value_tier: str | None
    segment: str
    historic_revenue: Decimal


class Order(NamedTuple):
    """An order of a customer, or a refund without a known order; money net of refunds, which are 0 or negative."""

    order_key: str
    kind: str
    ordered_on: date
    ordered_at: datetime
    order_number: int | None
    currency: str
    net_revenue: Decimal
    refunds: Decimal
    main_category: str | None

    @property
    def name(self) -> str:
        """The shop's number of the order."""
        return self.order_key.partition(":")[2] or self.order_key


class Listed(NamedTuple):
    """A list that the customer is on, or was on at an earlier date; the reason is the newest one."""

    list_name: str
    channel: str
    arm: str
    reason: str
    first_on: date
    last_on: date
    is_on: bool


class Sent(NamedTuple):
    """A list on which the customer went out to a destination."""

    list_name: str
    as_of_date: date
    destination: str
    added_at: datetime
    state: str


class Taking(NamedTuple):
    """An experiment that the customer takes part in."""

    experiment: str
    arm: str
    started_on: date
    may_be_contacted: bool


def customer(connection: psycopg.Connection, key: UUID) -> Any:
    """The customer at the newest published date: a row of customer_clv, with what customer_segments and dim_customer
    have besides. Raises ClvError if there is no such customer."""
    query = """
        select customers.*, segments.value_at_stake, segments.value_band, segments.tags, segments.persona_name,
            segments.why_slipping, profiles.favourite_category, profiles.country, profiles.may_contact,
            profiles.may_be_contacted
        from analytics.customer_clv as customers
        inner join analytics.customer_segments as segments using (customer_key)
        inner join analytics.dim_customer as profiles using (customer_key)
        where customers.customer_key = %(key)s and segments.customer_key = %(key)s and profiles.customer_key = %(key)s
    """
    found = connection.cursor(row_factory=namedtuple_row).execute(query, {"key": key}).fetchone()
    if found is None:
        raise ClvError(
            "the newest published date has no customer with this key; search by an order number or the short id"
        )
    return found


def history(connection: psycopg.Connection, key: UUID) -> list[Value]:
    """The customer's values at the newest published dates, at most MOST_DATES, in the order of time."""
    query = f"""
        select {", ".join(Value._fields)} from analytics.customer_clv_history
        where customer_key = %s order by as_of_date desc limit {MOST_DATES}
    """  # noqa: S608 - our own names
    return _read(connection, Value, query, (key,))[::-1]


def orders(connection: psycopg.Connection, key: UUID, after: tuple[datetime, str] | None = None) -> list[Order]:
    """A page of the customer's orders, newest first. after: the time and key of the last order of the page before."""
    beyond = "and (ordered_at, order_key) < (%(at)s, %(order)s)" if after else ""
    query = f"""
        select {", ".join(Order._fields)} from analytics.fct_orders
        where customer_key = %(key)s {beyond} order by ordered_at desc, order_key desc limit {PAGE}
    """  # noqa: S608 - our own names
    at, order = after or (None, None)
    return _read(connection, Order, query, {"key": key, "at": at, "order": order})


def lists(connection: psycopg.Connection, key: UUID) -> list[Listed]:
    """The lists that the customer is on, then those that she was on."""
    query = """
        with members as materialized (
            select as_of_date, list_name, channel, arm, reason from analytics.list_members_history
            where customer_key = %s
        ),
        newest as (select max(as_of_date) as as_of_date from analytics.publications where removed_at is null),
        latest as (select distinct on (list_name) * from members order by list_name, as_of_date desc)
        select list_name, channel, arm, reason,
            (select min(as_of_date) from members where list_name = latest.list_name) as first_on,
            latest.as_of_date as last_on, latest.as_of_date = newest.as_of_date as is_on
        from latest cross join newest order by is_on desc, last_on desc, list_name
    """
    return _read(connection, Listed, query, (key,))


def sent(connection: psycopg.Connection, key: UUID) -> list[Sent]:
    """What went out to the customer, newest first."""
    query = f"""
        select {", ".join(Sent._fields)} from analytics.exported_customers
        where customer_key = %s order by added_at desc, list_name
    """  # noqa: S608 - our own names
    return _read(connection, Sent, query, (key,))


def experiments(connection: psycopg.Connection, key: UUID) -> list[Taking]:
    """The experiments that the customer takes part in, newest first."""
    query = f"""
        select {", ".join(Taking._fields)} from analytics.experiment_customers
        where customer_key = %s order by started_on desc, experiment
    """  # noqa: S608 - our own names
    return _read(connection, Taking, query, (key,))


def changes(connection: psycopg.Connection, key: UUID) -> Sequence[Any]:
    """What changed since earlier published dates: rows of customer_changes. It compares all customers of these dates,
    which takes seconds where there are many."""
    query = "select * from analytics.customer_changes where customer_key = %s order by before_on desc"
    return connection.cursor(row_factory=namedtuple_row).execute(query, (key,)).fetchall()


def _read(connection: psycopg.Connection, kind: type, query: str, values: Any) -> list:
    return connection.cursor(row_factory=class_row(kind)).execute(query, values).fetchall()  # type: ignore[arg-type]
