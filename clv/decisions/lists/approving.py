"""Approves lists and revokes approvals, in ops.list_approvals. The view list_states says which approvals count."""

from __future__ import annotations

from datetime import date, datetime

import psycopg

from clv.catalog import dbt_project
from clv.catalog.tables import LIST_APPROVALS, SAVED_LISTS
from clv.core import dates
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.decisions.lists import reading
from clv.decisions.lists.reading import ActionList
from clv.warehouse import db
from clv.warehouse.roles import PUBLISHER


def approve(
    name: str,
    by: str,
    home: Settings,
    day: date | None = None,
    standing: bool = False,
    over: psycopg.Connection | None = None,
) -> ActionList:
    """Approves a list for a published date (default: the newest one), or for every date if standing. Returns the list
    as it is then. If it is approved already, the first approval stays.

    by: who approves it. over: the connection in whose transaction it does. Raises ClvError if there is no such list, or
    if it was removed.
    """
    found = reading.one(name, home, day)
    if removed := removed_at(name, home):
        raise ClvError(
            f"the list {name} was removed on {removed:%Y-%m-%d}, so nothing more of it goes out; save another"
        )
    with db.within(over, home.warehouse_url) as connection:
        connection.execute(
            f"""insert into {LIST_APPROVALS} (list_name, as_of_date, approved_by, approved_at) values (%s, %s, %s, %s)
            on conflict (list_name, as_of_date) where revoked_at is null do nothing""",  # noqa: S608 - our own name
            (name, None if standing else found.as_of_date, by, dates.now()),
        )
    return found if found.is_approved else found._replace(is_approved=True, approved_by=by, is_standing=standing)


def removed_at(name: str, home: Settings) -> datetime | None:
    """When somebody removed the saved list of this name; None for a list that runs make."""
    if name in {row["list_name"] for row in dbt_project.seed("lists")}:
        return None
    query = f"""
        select case when bool_and(removed_at is not null) then max(removed_at) end
        from {SAVED_LISTS} where list_name = %s
    """  # noqa: S608 - our own name
    return db.rows(query, (name,), home.url_as(PUBLISHER))[0][0]


def revoke(
    name: str,
    by: str,
    home: Settings,
    day: date | None = None,
    standing: bool = False,
    over: psycopg.Connection | None = None,
) -> int:
    """Revokes the approvals of a list that count: that for a date, the standing one, or all if neither is given.
    Returns their number. What has gone out already is not called back.

    by: who revokes them. over: the connection in whose transaction it does. Raises ClvError if there are none.
    """
    with db.within(over, home.warehouse_url) as connection:
        revoked = connection.execute(
            f"""update {LIST_APPROVALS} set revoked_by = %(by)s, revoked_at = %(now)s
            where list_name = %(name)s and revoked_at is null
                and (%(day)s::date is null or as_of_date = %(day)s) and (not %(standing)s or as_of_date is null)""",  # noqa: S608 - our own name
            {"by": by, "name": name, "day": day, "standing": standing, "now": dates.now()},
        ).rowcount
    if not revoked:
        of = f" for {day}" if day else " for every date" if standing else ""
        raise ClvError(f"the list {name} has no approval{of} that could be revoked; `clv lists` shows what is approved")
    return revoked


def message(one: ActionList) -> str:
    """Says of a list that was approved what may go out."""
    at_stake = f", {one.value_at_stake:,} {one.currency} at stake" if one.value_at_stake is not None else ""
    return (
        f"{one.list_name} of {one.as_of_date} {one.state}: {one.customers_to_act_on:,} customers to act on, "
        f"{one.customers_held_out:,} held out{at_stake}"
    )
