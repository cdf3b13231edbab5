"""Filters of customers over published columns: who meets one, in pages, and the rule of a list that it stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from clv.catalog import dbt_project
from clv.core import sql_text
from clv.core.errors import ClvError

COLUMNS = {  # of the parts of a filter, by their names
    "tier": "value_tier",
    "segment": "segment",
    "stage": "lifecycle_stage",
    "risk": "churn_band",
    "category": "favourite_category",
}
_IN_WORDS = {
    "tier": "tier {value_tier}",
    "segment": "segment {segment}",
    "stage": "stage {lifecycle_stage}",
    "risk": "risk {churn_band}",
    "category": "buys {favourite_category}",
}
ORDERS = {  # by which customers are shown, the highest first: the table and the column of each
    "value": ("customer_clv", "predicted_clv"),
    "stake": ("customer_segments", "value_at_stake"),
}
PAGE, MOST_COUNTED = 50, 10_000  # customers
LONGEST = 200  # characters of a value
Filter = Mapping[str, Sequence[str]]  # the values that each part allows, by the names of COLUMNS; no values allow all


class Row(NamedTuple):
    """A customer of a page. may_be_contacted: whether lists may have them."""

    customer_key: UUID
    value_tier: str | None
    segment: str
    churn_band: str | None
    churn_risk: Decimal | None
    predicted_clv: Decimal | None
    value_at_stake: Decimal | None
    currency: str
    last_order_on: date | None
    favourite_category: str | None
    may_be_contacted: bool

    @property
    def short_id(self) -> str:
        """The first eight characters of the key."""
        return str(self.customer_key)[:8]


class After(NamedTuple):
    """The last customer of a page: the value that customers are ordered by (None without a forecast), and the key."""

    value: Decimal | None
    key: UUID


def checked(given: Filter) -> dict[str, list[str]]:
    """The filter without parts that allow all. Raises ClvError for a part or a value that there cannot be."""
    found = {}
    for part, values in given.items():
        if part not in COLUMNS:
            raise ClvError(f"there is no filter {part}; filters are {', '.join(COLUMNS)}")
        if any(len(value) > LONGEST or min(value, default=" ") < " " for value in values):
            raise ClvError(f"a value of the filter {part} is too long or has odd characters; choose one of the list")
        if kept := list(dict.fromkeys(value for value in values if value)):
            found[part] = kept
    return found


def choices(connection: psycopg.Connection) -> dict[str, list[str]]:
    """The values that each part of a filter may allow."""
    return {**_of_seeds(), "category": _categories(connection)}


def rule(chosen: Filter) -> str:
    """The rule of a list of those who meet the filter, as a list's rule is written in the seed lists."""
    parts = [
        f"{COLUMNS[part]} in ({', '.join(map(sql_text.literal, values))})" for part, values in checked(chosen).items()
    ]
    return " and ".join(parts) or "true"


def reason(chosen: Filter) -> str:
    """Why a customer is on such a list, with columns in braces, as in the seed lists."""
    parts = [_IN_WORDS[part] for part in checked(chosen)]
    return (", ".join(parts) or "a customer of the shop") + "; expected value {predicted_clv}"


def customers(
    connection: psycopg.Connection, chosen: Filter, order: str = "value", after: After | None = None
) -> list[Row]:
    """A page of the customers who meet the filter at the newest published date, those with the highest value first,
    and those without a forecast last.

    order: one of ORDERS. after: the last customer of the page before; None for the first page.
    """
    parts, keys = checked(chosen), []
    if after is None or after.value is not None:
        keys = _valued(connection, parts, order, after)
    if len(keys) < PAGE and not {"tier", "risk"} & parts.keys():
        last = after.key if after and after.value is None else None
        keys += _without_forecast(connection, parts, last)[: PAGE - len(keys)]
    rows = {row.customer_key: row for row in _rows(connection, keys)}
    return [rows[key] for key in keys if key in rows]


def following(rows: Sequence[Row], order: str) -> After | None:
    """Where the page after this one begins; None if this is the last one."""
    if len(rows) < PAGE:
        return None
    return After(getattr(rows[-1], ORDERS[order][1]), rows[-1].customer_key)


def number(connection: psycopg.Connection, chosen: Filter) -> tuple[int, bool]:
    """How many customers meet the filter, and whether there are more: they are counted up to MOST_COUNTED."""
    parts = checked(chosen)
    query = f"select count(*) from (select {_matching(parts)} limit {MOST_COUNTED + 1}) as found"  # noqa: S608 - our own names
    ((found,),) = connection.execute(query, parts).fetchall()  # type: ignore[arg-type]
    return min(found, MOST_COUNTED), found > MOST_COUNTED


def _matching(parts: Filter) -> str:
    """The tables and the condition of a query of the customers who meet the filter."""
    conditions = [
        f"{'profiles' if part == 'category' else 'customers'}.{COLUMNS[part]} = any(%({part})s)" for part in parts
    ]
    return f"from analytics.customer_clv as customers{_profiles(parts)} where {' and '.join(conditions) or 'true'}"


def _profiles(parts: Filter) -> str:
    return " inner join analytics.dim_customer as profiles using (customer_key)" if "category" in parts else ""


def _valued(connection: psycopg.Connection, parts: Filter, order: str, after: After | None) -> list[UUID]:
    """The keys of a page's customers who have a forecast.

    The index has the customers of each tier, segment and band in their order. So the first ones of each of these groups
    are read, and of them the first. Of a category, all customers are read instead.
    """
    table, column = ORDERS[order]
    beyond = f"and (customers.{column}, customers.customer_key) < (%(value)s, %(key)s)" if after else ""
    highest = f"order by customers.{column} desc, customers.customer_key desc limit {PAGE}"
    of_groups = f"""
        select found.customer_key
        from unnest(%(tier)s::text[]) as tiers (tier)
        cross join unnest(%(segment)s::text[]) as segments (segment)
        cross join unnest(%(risk)s::text[]) as risks (risk)
        cross join lateral (
            select customers.customer_key, customers.{column} from analytics.{table} as customers
            where customers.value_tier = tiers.tier and customers.segment = segments.segment
                and customers.churn_band = risks.risk and customers.{column} is not null {beyond}
            {highest}
        ) as found
        {highest.replace("customers.", "found.")}
    """  # noqa: S608 - our own names
    of_categories = f"""
        select customers.customer_key from analytics.{table} as customers{_profiles(parts)}
        where customers.value_tier = any(%(tier)s) and customers.segment = any(%(segment)s)
            and customers.churn_band = any(%(risk)s) and customers.{column} is not null
            and profiles.favourite_category = any(%(category)s) {beyond}
        {highest}
    """  # noqa: S608 - our own names
    known = _of_seeds()
    segments = [row["segment"] for row in dbt_project.seed("segments") if _in(parts, "stage", row["lifecycle_stage"])]
    values: dict[str, object] = {
        **{part: parts.get(part, known[part]) for part in ("tier", "risk")},
        "segment": [segment for segment in segments if _in(parts, "segment", segment)],
        "category": parts.get("category"),
        "value": after and after.value,
        "key": after and after.key,
    }
    query = of_categories if "category" in parts else of_groups
    return [key for (key,) in connection.execute(query, values).fetchall()]  # type: ignore[arg-type]


def _without_forecast(connection: psycopg.Connection, parts: Filter, after: UUID | None) -> list[UUID]:
    """The keys of a page's customers who have no forecast, in the order of keys. They have neither tier nor band."""
    query = f"""
        select customers.customer_key {_matching(parts)} and customers.value_tier is null
            and (%(after)s::uuid is null or customers.customer_key < %(after)s)
        order by customers.customer_key desc limit {PAGE}
    """  # noqa: S608 - our own names
    return [key for (key,) in connection.execute(query, {**parts, "after": after}).fetchall()]  # type: ignore[arg-type]


def _in(parts: Filter, part: str, value: str) -> bool:
    """Whether a part of a filter allows a value."""
    return part not in parts or value in parts[part]


def _rows(connection: psycopg.Connection, keys: list[UUID]) -> list[Row]:
    query = """
        select customer_key, customers.value_tier, customers.segment, customers.churn_band, customers.churn_risk,
            customers.predicted_clv, segments.value_at_stake, customers.currency, customers.last_order_on,
            profiles.favourite_category, profiles.may_be_contacted
        from analytics.customer_clv as customers
        inner join analytics.customer_segments as segments using (customer_key)
        inner join analytics.dim_customer as profiles using (customer_key)
        where customers.customer_key = any(%s) and segments.customer_key = any(%s) and profiles.customer_key = any(%s)
    """
    return connection.cursor(row_factory=class_row(Row)).execute(query, (keys, keys, keys)).fetchall()


def _of_seeds() -> dict[str, list[str]]:
    """The tiers, segments, stages and bands that the seeds have."""
    segments = dbt_project.seed("segments")
    return {
        "tier": [row["value_tier"] for row in dbt_project.seed("value_tiers")],
        "segment": [row["segment"] for row in segments],
        "stage": list(dict.fromkeys(row["lifecycle_stage"] for row in segments)),
        "risk": [row["churn_band"] for row in dbt_project.seed("churn_bands")],
    }


def _categories(connection: psycopg.Connection) -> list[str]:
    """The favourite categories that there are, found one after the other in their index."""
    query = """
        with recursive found as (
            select min(favourite_category) as category from analytics.dim_customer
            union all
            select (select min(favourite_category) from analytics.dim_customer where favourite_category > category)
            from found where category is not null
        )
        select category from found where category is not null limit 200
    """
    return [category for (category,) in connection.execute(query).fetchall()]
