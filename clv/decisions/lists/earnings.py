"""Reads the hold-out of each list after each publication, and keeps what was found in ops.list_earnings. The database
sums; customers do not leave it."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

import psycopg
from psycopg.rows import class_row, dict_row

from clv.catalog import tables
from clv.core.settings import Settings
from clv.decisions.experiments import metrics
from clv.decisions.experiments.differences import Moments
from clv.decisions.lists import earned_words, hold_outs
from clv.decisions.lists.hold_outs import Acted, Earning, Shares
from clv.warehouse import db, locks, publication
from clv.warehouse.publication import Publication
from clv.warehouse.roles import PUBLISHER

FIRST = hold_outs.METRICS[0]  # the metric that people see first
_NO_COLUMNS = ("cost_per_contact", "drawn", "waiting_since", "reached", "profit_basis", "difference", "always_valid")
# Customers who could have been held out, who are still customers, and whose window is over.
_OVER = f"""
    select entries.*
    from {tables.LIST_ENTRIES} as entries
    join {tables.ANALYTICS_RUNS}.dim_customer as customers using (customer_key)
    where customers.as_of_date = %(as_of)s and customers.run_id = %(run_id)s
        and entries.holdout_share > 0 and entries.entered_on + %(days)s <= %(as_of)s
"""  # noqa: S608 - our own names
# A list that went out and is made no more keeps its newest title. A saved list has no costs, and a seed may have no
# column of them, so it is looked up by name.
_ACTED = f"""
    with entered as (
        select
            list_name, min(entered_on) as first_on, count(*) as entered,
            count(*) filter (where holdout_share > 0) as drawn,
            min(entered_on) filter (where holdout_share > 0 and customers.customer_key is not null) as waiting_since
        from {tables.LIST_ENTRIES} as entries
        left join {tables.ANALYTICS_RUNS}.dim_customer as customers
            on entries.customer_key = customers.customer_key
            and customers.as_of_date = %(as_of)s and customers.run_id = %(run_id)s
        group by list_name
    ),
    contacted as (
        select
            list_name, count(distinct exports.customer_key) filter (where profiles.arm = 'act') as contacted,
            count(distinct (exports.as_of_date, exports.customer_key)) filter (where profiles.arm = 'act') as contacts,
            count(distinct exports.customer_key) filter (where profiles.arm = 'hold out') as reached
        from ({_OVER}) as profiles
        join {tables.EXPORTS} as exports using (list_name, customer_key)
        where exports.state <> 'refused'
            and exports.as_of_date between profiles.entered_on and profiles.entered_on + %(days)s - 1
        group by list_name
    ),
    lists as (
        select distinct on (list_name)
            list_name, title, priority, currency, (as_of_date, run_id) = (%(as_of)s, %(run_id)s) as is_made
        from {tables.ANALYTICS_RUNS}.list_summary
        where as_of_date <= %(as_of)s
        order by list_name, is_made desc, as_of_date desc, run_id desc
    )
    select
        list_name,
        coalesce(lists.title, list_name) as title,
        coalesce(lists.currency, 'XXX') as currency,
        coalesce((to_jsonb(declared) ->> 'cost_per_contact')::float, 0) as cost_per_contact,
        entered.first_on,
        coalesce(entered.entered, 0) as entered,
        coalesce(entered.drawn, 0) as drawn,
        entered.waiting_since,
        coalesce(contacted.contacted, 0) as contacted,
        coalesce(contacted.contacts, 0) as contacts,
        coalesce(contacted.reached, 0) as reached,
        coalesce((select max(profit_basis) from {tables.ANALYTICS_RUNS}.segment_summary
            where as_of_date = %(as_of)s and run_id = %(run_id)s), '') as profit_basis
    from lists
    full join entered using (list_name)
    left join contacted using (list_name)
    left join {tables.ANALYTICS_RUNS}.lists as declared using (list_name)
    where lists.is_made or entered.entered > 0
    order by lists.priority, list_name
"""  # noqa: S608 - our own names
_VALUES = ", ".join(f"({metrics.METRICS[name].sql})::float as {name}" for name in hold_outs.METRICS)
_EACH = ", ".join(f"('{name}', {name})" for name in hold_outs.METRICS)
_SUMS = f"""
    with profiles as ({_OVER}),
    outcomes as (
        select
            profiles.list_name, profiles.holdout_share, profiles.value_band, profiles.arm, profiles.forecast as known,
            {_VALUES}
        from profiles
        left join {tables.ANALYTICS_RUNS}.fct_orders as orders
            on profiles.customer_key = orders.customer_key
            and orders.as_of_date = %(as_of)s and orders.run_id = %(run_id)s
            and orders.ordered_on >= profiles.entered_on and orders.ordered_on < profiles.entered_on + %(days)s
        group by profiles.list_name, profiles.customer_key, 2, 3, 4, 5
    )
    select list_name, metric, holdout_share, value_band, arm, {metrics.SUMS}
    from outcomes
    cross join lateral (values {_EACH}) as each (metric, outcome)
    group by 1, 2, 3, 4, 5
    order by 1, 2, 3, 4, 5
"""  # noqa: S608 - our own names


def read_all(home: Settings) -> int:
    """Reads the hold-out of each list by the newest published date, in place of the earlier read-outs. Returns how many
    lists have gone out at least once."""
    with db.connect(home.url_as(PUBLISHER)) as connection:
        connection.execute("select pg_advisory_xact_lock(%s)", (db.lock_key(locks.READ_OUTS),))
        current = publication.current(connection=connection)
        if current is None:
            return 0
        lists = _acted(connection, current)
        sums = _sums(connection, current)
        connection.execute(f"delete from {tables.LIST_EARNINGS}")  # noqa: S608 - our own name
        for acted in lists:
            for metric in hold_outs.METRICS:
                found = hold_outs.judged(acted, metric, sums.get((acted.list_name, metric), {}))
                _record(connection, row(acted, found, current.as_of_date))
    return sum(acted.entered > 0 for acted in lists)


def row(acted: Acted, found: Earning, as_of: date) -> dict[str, Any]:
    """A read-out as a row of ops.list_earnings. What is earned is the difference per customer times the customers to
    act on, whether they were reached or not; its bounds are those that may be looked at daily. Contacts are paid from
    profit, so what is left of revenue after their cost would be no gain."""
    values: dict[str, Any] = {
        **{name: value for name, value in (acted._asdict() | found._asdict()).items() if name not in _NO_COLUMNS},
        "as_of_date": as_of,
        "window_days": hold_outs.WINDOW_DAYS,
        "message": earned_words.message(acted, found),
    }
    if found.difference is None or found.always_valid is None:
        return values
    bounds = dict(zip(("", "_low", "_high"), (found.difference.estimate, *found.always_valid), strict=True))
    values |= {f"difference{name}": float(getattr(found.difference, part))
               for name, part in (("", "estimate"), ("_low", "low"), ("_high", "high"))}  # fmt: skip
    values |= {f"always_valid{name}": float(bounds[name]) for name in ("_low", "_high")}
    if metrics.METRICS[found.metric].is_money:
        values |= {f"earned{name}": float(one) * found.customers for name, one in bounds.items()}
    if found.metric == "profit":
        cost = acted.cost_per_contact * acted.contacts
        values |= {f"net{name}": values[f"earned{name}"] - cost for name in bounds} | {"cost": cost}
    return values


def earnings(home: Settings) -> list[dict[str, Any]]:
    """The newest read-outs as analysts see them, one for each list and metric, by metric, those that people see first
    first."""
    query = f"""
        select * from {tables.ANALYTICS}.list_earnings
        order by array_position(%s::text[], metric), first_on is null, title
    """  # noqa: S608 - our own names
    with db.connect(home.analyst_url) as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, (list(hold_outs.METRICS),)).fetchall()  # type: ignore[arg-type]


def _acted(connection: psycopg.Connection, current: Publication) -> list[Acted]:
    with connection.cursor(row_factory=class_row(Acted)) as cursor:
        return cursor.execute(_ACTED, _given(current)).fetchall()  # type: ignore[arg-type]


def _sums(connection: psycopg.Connection, current: Publication) -> dict[tuple[str, str], Shares]:
    found: dict[tuple[str, str], dict[float, dict[str, dict[str, Moments]]]]
    found = defaultdict(lambda: defaultdict(lambda: defaultdict(dict)))
    for name, metric, share, band, arm, *sums in connection.execute(_SUMS, _given(current)).fetchall():  # type: ignore[arg-type]
        found[name, metric][share][band][arm] = metrics.moments(tuple(sums))
    return found  # type: ignore[return-value]


def _given(current: Publication) -> dict[str, Any]:
    return {"as_of": current.as_of_date, "run_id": current.run_id, "days": hold_outs.WINDOW_DAYS}


def _record(connection: psycopg.Connection, values: dict[str, Any]) -> None:
    names, places = ", ".join(values), ", ".join(f"%({name})s" for name in values)
    connection.execute(f"insert into {tables.LIST_EARNINGS} ({names}) values ({places})", values)  # type: ignore[arg-type]  # noqa: S608 - our own names
