"""Saves lists of customers beside those of the seed, in ops.saved_lists, and removes them. The next run makes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import psycopg
from psycopg.rows import class_row

from clv.catalog import dbt_project
from clv.catalog.tables import ANALYTICS, LIST_ENTRIES, SAVED_LISTS
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.decisions.lists import approving
from clv.warehouse import db
from clv.warehouse.roles import PUBLISHER

NAME, LONGEST = re.compile(r"[a-z][a-z0-9_]{0,59}"), 300  # characters


_USED = f"""
    select 1 from {SAVED_LISTS} where list_name = %(name)s and removed_at is not null
    union all select 1 from {LIST_ENTRIES} where list_name = %(name)s
    limit 1
"""  # noqa: S608 - our own names


class NewList(NamedTuple):
    """A list to save. rule: its condition over published columns, as in the seed lists; reason: likewise, why a
    customer is on it. cap: the most customers on it, None for no limit. holdout_share: 0 up to 1, of the customers who
    are left alone."""

    list_name: str
    title: str
    rule: str
    channel: str
    action: str
    cap: int | None
    holdout_share: Decimal
    reason: str


class SavedList(NamedTuple):
    """A list that somebody saved and nobody removed. published: whether the newest published date has it."""

    list_name: str
    title: str
    rule: str
    channel: str
    action: str
    cap: int | None
    holdout_share: Decimal
    reason: str
    saved_by: str
    saved_at: datetime
    published: bool


def save(new: NewList, by: str, home: Settings, over: psycopg.Connection | None = None) -> None:
    """Saves a list, which the run that is opened next makes. It goes out only after somebody approved it: approvals of
    a former list of its name are revoked.

    by: who saves it. over: the connection in whose transaction it does. Raises ClvError for a value that is not
    allowed, a rule that cannot be used, or a name that another list has or had, since what the two earned would mix.
    """
    new = new._replace(channel=_folded(new.channel))
    _require_sound(new)
    if new.list_name in {row["list_name"] for row in dbt_project.seed("lists")}:
        raise ClvError(f"{new.list_name} is one of the shop's own lists; choose another name")
    (problem,) = problems([new.rule], home)
    if problem:
        raise ClvError(f"the filter cannot be used: {problem}; choose another one")
    places = ", ".join(["%s"] * len(new))
    query = f"""
        insert into {SAVED_LISTS} ({", ".join(NewList._fields)}, saved_by) values ({places}, %s)
        on conflict (list_name) where removed_at is null do nothing
    """  # noqa: S608 - our own names
    with db.within(over, home.warehouse_url) as connection:
        if not connection.execute(query, (*new, by)).rowcount:  # type: ignore[arg-type]
            raise ClvError(f"somebody has saved a list {new.list_name} already; choose another name for this one")
        if connection.execute(_USED, {"name": new.list_name}).fetchone():  # type: ignore[arg-type]
            raise ClvError(
                f"an earlier list was named {new.list_name}, and what it earned is kept; choose another name"
            )
        with suppress(ClvError):  # it may have no approval
            approving.revoke(new.list_name, by, home, over=connection)


def remove(name: str, by: str, home: Settings, over: psycopg.Connection | None = None) -> None:
    """Removes a saved list, which later runs do not make any more, and revokes its approvals: nothing more of it goes
    out. Raises ClvError if there is none.

    by: who removes it. over: the connection in whose transaction it does.
    """
    with db.within(over, home.warehouse_url) as connection:
        removed = connection.execute(
            f"""update {SAVED_LISTS} set removed_by = %s, removed_at = now()
            where list_name = %s and removed_at is null""",  # noqa: S608 - our own name
            (by, name),
        ).rowcount
        if not removed:
            raise ClvError(f"nobody has saved a list {name}; the shop's own lists are in dbt_project/seeds/lists.csv")
        with suppress(ClvError):  # it may have no approval
            approving.revoke(name, by, home, over=connection)


def saved(home: Settings) -> list[SavedList]:
    """The lists that are saved, in the order in which they were."""
    fields = ", ".join(SavedList._fields[:-1])
    query = f"""
        select {fields}, exists (
            select from {ANALYTICS}.list_summary as published where published.list_name = saved.list_name
        ) as published
        from {SAVED_LISTS} as saved where removed_at is null order by saved_list_id
    """  # noqa: S608 - our own names
    with db.connect(home.url_as(PUBLISHER)) as connection:
        return connection.cursor(row_factory=class_row(SavedList)).execute(query).fetchall()  # type: ignore[arg-type]


def channels(lists: Sequence[SavedList]) -> list[str]:
    """The channels of the shop's own lists and the saved ones, in small letters, each once."""
    given = [row["channel"] for row in dbt_project.seed("lists")] + [one.channel for one in lists]
    return sorted({_folded(channel) for channel in given})


def problems(rules: Sequence[str], home: Settings) -> list[str | None]:
    """What PostgreSQL says against each rule over the columns of published customers; None if it can be used."""
    with db.connect(home.analyst_url) as connection:
        connection.read_only = True
        return [_problem(rule, connection) for rule in rules]


def _problem(rule: str, connection: psycopg.Connection) -> str | None:
    query = f"""
        select from {ANALYTICS}.customer_clv
        inner join {ANALYTICS}.dim_customer using (customer_key)
        where {rule} limit 0
    """  # noqa: S608 - made of our own columns and quoted values, and run with an analyst's rights
    try:
        with connection.transaction():  # so that the next rule can be tried
            connection.execute(query)  # type: ignore[arg-type]
    except psycopg.Error as error:
        return (error.diag.message_primary or str(error)).strip().splitlines()[0]
    return None


def _folded(channel: str) -> str:
    """A channel as lists and experiments are compared by it; the macro lists_of_shop folds likewise."""
    return channel.strip().lower()


def _require_sound(new: NewList) -> None:
    """Raises ClvError, with the remedy, for the first value that is not allowed."""
    if not NAME.fullmatch(new.list_name):
        raise ClvError(f"'{new.list_name}' is no name of a list; write small letters, digits and _, as in desk_gold")
    for what, text in (("title", new.title), ("channel", new.channel), ("action", new.action)):
        if not text.strip() or len(text) > LONGEST or not text.isprintable():
            raise ClvError(f"the {what} of the list is empty, too long or has odd characters; write a short text")
    if new.cap is not None and not 1 <= new.cap <= 10_000_000:
        raise ClvError("the cap of the list is a number of customers from 1 on; leave it empty for no limit")
    if not 0 <= new.holdout_share < 1:
        raise ClvError("the hold-out is a share from 0 to under 100 %; write 10 % to learn what the list brings")
