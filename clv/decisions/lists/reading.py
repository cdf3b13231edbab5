"""Reads the lists of a published date."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import NamedTuple, TypeVar
from uuid import UUID

from psycopg.rows import class_row

from clv.catalog.tables import ANALYTICS
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.warehouse import db

SECONDS = 60  # that a query may take
Row = TypeVar("Row")


class ActionList(NamedTuple):
    """A list of a published date.

    needs_approval: whether somebody has to approve it before it goes out. approved_by: who approved it for this date,
    or for every date if is_standing; None if nobody did. value_at_stake: the sum over its customers in money, None
    without a forecast.
    """

    as_of_date: date
    list_name: str
    title: str
    channel: str
    action: str
    needs_approval: bool
    is_approved: bool
    approved_by: str | None
    is_standing: bool | None
    customers: int
    customers_to_act_on: int
    customers_held_out: int
    value_at_stake: Decimal | None
    currency: str | None

    @property
    def state(self) -> str:
        """Whether the list may go out, in words."""
        if not self.needs_approval:
            return "needs no approval"
        if not self.is_approved:
            return "waiting for approval"
        return f"approved by {self.approved_by}" + (" for every date" if self.is_standing else "")


class Member(NamedTuple):
    """A customer on a list. short_id: the first eight characters of the customer's key. arm: act, or hold out."""

    place: int
    short_id: str
    arm: str
    state: str
    value_at_stake: Decimal | None
    value_at_stake_p10: Decimal | None
    value_at_stake_p90: Decimal | None
    reason: str
    customer_key: UUID


def lists(home: Settings, day: date | None = None) -> list[ActionList]:
    """The lists of a published date (default: the newest one), by priority.

    Raises ClvError if the date is not published, or was published without lists.
    """
    query = f"""
        select {", ".join(ActionList._fields)} from {ANALYTICS}.list_states
        where as_of_date = coalesce(
            %(day)s, (select max(as_of_date) from {ANALYTICS}.publications where removed_at is null)
        )
        order by priority
    """  # noqa: S608 - our own names
    found = _rows(ActionList, query, {"day": day}, home)
    if not found:
        which = f"{day} is not published, or has" if day else "no date is published, or the newest one has"
        raise ClvError(f"{which} no lists; `clv run --as-of DATE` makes and publishes them")
    return found


def one(name: str, home: Settings, day: date | None = None) -> ActionList:
    """The list with this name. Raises ClvError if there is none at the date; for other errors see `lists`."""
    found = lists(home, day)
    for each in found:
        if each.list_name == name:
            return each
    names = ", ".join(each.list_name for each in found)
    raise ClvError(f"there is no list {name} at {found[0].as_of_date}; lists are {names}")


def members(of: ActionList, home: Settings, after: int = 0, most: int | None = None) -> list[Member]:
    """The customers on a list, those with the most value at stake first. after: only places after this one. most: how
    many of them, None for all."""
    fields = ", ".join(Member._fields).replace("short_id", "left(customer_key::text, 8) as short_id")
    query = f"""
        select {fields} from {ANALYTICS}.action_list_history
        where as_of_date = %(day)s and list_name = %(name)s and place > %(after)s
        order by place limit %(most)s
    """  # noqa: S608 - our own names
    return _rows(Member, query, {"day": of.as_of_date, "name": of.list_name, "after": after, "most": most}, home)


def _rows(kind: type[Row], query: str, values: dict, home: Settings) -> list[Row]:
    """The rows of a query that is run as an analyst."""
    with db.connect(home.analyst_url) as connection:
        connection.execute("select set_config('statement_timeout', %s, true)", (f"{SECONDS}s",))
        return connection.cursor(row_factory=class_row(kind)).execute(query, values).fetchall()  # type: ignore[arg-type]
