"""What is left of erased customers' rows in raw: their place in their file, and what else is nobody's alone.

A key or an order's number that somebody else's rows have too stays: what the erased row had replaced would else count
again.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import pyarrow as pa

from clv.catalog import tables
from clv.core.settings import Settings
from clv.sources.kinds.orders.mapped import ERASED
from clv.sources.kinds.orders.whole_orders import customer
from clv.sources.mapping.language import Mapping
from clv.sources.mapping.values import COLUMNS
from clv.warehouse import db
from clv.warehouse.erasures import Erased
from clv.warehouse.roles import LOADER

KEYS_OF_ORDERS = ("line", "order")  # row keys that two customers may share


def places(batch_id: int, settings: Settings) -> set[int]:
    """The lines of a batch on which erased customers' rows stood."""
    query = f"""
        select _line from {tables.ORDER_LINES} where _batch_id = %(batch_id)s and _rule = %(erased)s
        union select line from {tables.UNREADABLE_ROWS} where batch_id = %(batch_id)s and reason = %(erased)s
    """  # noqa: S608 - our own names
    found = db.rows(query, {"batch_id": batch_id, "erased": ERASED}, settings.url_as(LOADER))
    return {line for (line,) in found}


def digest(batch_id: int, settings: Settings) -> str:
    """The digest of a batch's file, which an erasure may have changed."""
    query = f"select content_sha256 from {tables.BATCHES} where batch_id = %s"  # noqa: S608 - our own names
    return db.rows(query, (batch_id,), settings.url_as(LOADER))[0][0]


def lines(duck: duckdb.DuckDBPyConnection, mapping: Mapping, erased: Erased) -> set[int]:
    """The lines of the erased customers' rows; makes the tables erased(_line) and erased_customers(customer_id).

    Who was erased before ids were cleaned is known by the id as it came: all that it looks like is theirs.
    """
    gone: list[str] = []
    if erased:
        came = f"select {customer(mapping)}, {customer(mapping, '_customer')} from received where _customer is not null"  # noqa: S608 - our own SQL; values are bound or quoted
        query = f"select distinct customer_id, customer_id from parsed where customer_id is not null union {came}"  # noqa: S608 - our own SQL; values are bound or quoted
        found = duck.execute(query).fetchall()
        gone = sorted({one for one, form in found if erased.receipt(form, mapping.customer_namespace)})
    duck.register("erased_ids", pa.table({"customer_id": pa.array(gone, pa.string())}))
    duck.execute("create table erased_customers as from erased_ids")
    duck.execute(
        "create table erased as select distinct _line from parsed semi join erased_customers using (customer_id)"
    )
    return {line for (line,) in duck.execute("from erased").fetchall()}


def emptied(duck: duckdb.DuckDBPyConnection, query: str, mapping: Mapping, batch_id: int, settings: Settings) -> str:
    """The rows of `mapped.export_query`, of those on the lines of the table erased(_line) nothing but what may stay."""
    keys = orders = "false"
    if mapping.row_key in KEYS_OF_ORDERS:
        keys = _shared(duck, query, "_row_key", mapping, settings)
    if mapping.row_key == "order":
        orders = f"coalesce(amount, 0) >= 0 and {_shared(duck, query, 'order_id', mapping, settings)}"
    empty = ("customer_key", "ordered_at", "amount", *COLUMNS, "may_contact")
    values = {name: f"case when not is_gone then {name} end" for name in empty}
    values["_rule"] = f"case when is_gone then '{ERASED}' else _rule end"
    values["_content"] = f"case when is_gone then unhex('{'0' * 32}') else _content end"
    values["_row_key"] = f"case when is_gone and not {keys} then '{ERASED}|{batch_id}|' || _line else _row_key end"
    values["_version"] = f"case when not is_gone or {keys} then _version end"
    values["order_id"] = f"case when not is_gone or {orders} then order_id end"
    replaced = ", ".join(f"{value} as {name}" for name, value in values.items())
    marked = f"select *, _line in (select _line from erased) as is_gone from ({query})"  # noqa: S608 - our own SQL; values are bound or quoted
    return f"select * exclude (is_gone) replace ({replaced}) from ({marked})"  # noqa: S608 - our own SQL; values are bound or quoted


def _shared(duck: duckdb.DuckDBPyConnection, query: str, column: str, mapping: Mapping, settings: Settings) -> str:
    """A condition: that somebody who is not erased has this key, or order, in a row of this file or of raw."""
    gone = f"select distinct {column} as value from ({query}) where {column} is not null and _line in (from erased)"  # noqa: S608 - our own SQL; values are bound or quoted
    here = f"select distinct {column} as value from ({query}) where {column} is not null and _line not in (from erased)"  # noqa: S608 - our own SQL; values are bound or quoted
    found = [value for (value,) in duck.execute(f"{gone} intersect ({here})").fetchall()]
    others = f"""
        select distinct {column} from {tables.ORDER_LINES}
        where _source = %s and {column} = any(%s) and _rule is distinct from '{ERASED}'
    """  # noqa: S608 - our own SQL; values are bound or quoted
    values = [value for (value,) in duck.execute(gone).fetchall()]
    found += [value for (value,) in db.rows(others, (mapping.source, values), settings.url_as(LOADER))]
    name = f"shared_{column.strip('_')}"
    duck.execute(f"create table {name} as select unnest(?::varchar[]) as value", [found])
    return f"{column} in (from {name})"


def hidings(batch_ids: Iterable[int]) -> list[str]:
    """SQL that takes the keys, and the orders, of erased rows of these batches away, unless somebody else's row has the
    same: it would count again if nothing newer stood in its place."""
    batches = ", ".join(map(str, batch_ids))
    keys = f"""
        update {tables.ORDER_LINES} as gone
        set _row_key = '{ERASED}|' || _batch_id || '|' || _line, _version = null
        where _rule = '{ERASED}' and _batch_id in ({batches})
            and not exists (
                select from {tables.ORDER_LINES} as others
                where others._source = gone._source and others._row_key = gone._row_key
                    and others._rule is distinct from '{ERASED}'
            )
    """  # noqa: S608 - our own SQL; values are bound or quoted
    orders = f"""
        update {tables.ORDER_LINES} as gone set order_id = null
        where _rule = '{ERASED}' and order_id is not null and _batch_id in ({batches})
            and not exists (
                select from {tables.ORDER_LINES} as others
                where others._source = gone._source and others.order_id = gone.order_id
                    and others._rule is distinct from '{ERASED}'
            )
    """  # noqa: S608 - our own SQL; values are bound or quoted
    return [keys, orders]
