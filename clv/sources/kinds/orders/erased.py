"""Removes the values of erased customers' order lines from raw. A line keeps its place in the file, and values that it
shares with other customers.

A row key or order id that another customer's row has too must stay: the erased row may have replaced that row, which
would otherwise count again. It goes when that row is erased too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from uuid import UUID

import duckdb
import psycopg

from clv.catalog import tables
from clv.core.settings import Settings
from clv.sources.kinds.columns_sql import ERASED, NO_CONTENT
from clv.sources.kinds.orders.mapping import COLUMNS, OF_CURRENCY, STATED, OrdersMapping
from clv.warehouse import db
from clv.warehouse.roles import LOADER

KEYS_OF_ORDERS = ("line", "order")  # row keys that do not contain the customer, so two customers may share one
EMPTY = ("customer_key", "ordered_at", "amount", *COLUMNS, *STATED, *OF_CURRENCY, "may_contact")


def emptied(
    duck: duckdb.DuckDBPyConnection, query: str, mapping: OrdersMapping, batch_id: int, settings: Settings
) -> str:
    """Returns SQL for the rows of `mapped.export_query`, without the values of rows on the lines of the table
    erased(_line)."""
    keys = orders = "false"
    if mapping.row_key in KEYS_OF_ORDERS:
        keys = _shared(duck, query, "_row_key", mapping, settings)
    if mapping.row_key == "order":
        orders = f"coalesce(amount, 0) >= 0 and {_shared(duck, query, 'order_id', mapping, settings)}"
    values = {name: f"case when not is_gone then {name} end" for name in EMPTY}
    values["_rule"] = f"case when is_gone then '{ERASED}' else _rule end"
    values["_content"] = f"case when is_gone then unhex({NO_CONTENT}) else _content end"
    values["_row_key"] = f"case when is_gone and not {keys} then '{ERASED}|{batch_id}|' || _line else _row_key end"
    values["_version"] = f"case when not is_gone or {keys} then _version end"
    values["order_id"] = f"case when not is_gone or {orders} then order_id end"
    replaced = ", ".join(f"{value} as {name}" for name, value in values.items())
    marked = f"select *, _line in (select _line from erased) as is_gone from ({query})"  # noqa: S608 - our own SQL; values are bound or quoted
    return f"select * exclude (is_gone) replace ({replaced}) from ({marked})"  # noqa: S608 - our own SQL; values are bound or quoted


def _shared(
    duck: duckdb.DuckDBPyConnection, query: str, column: str, mapping: OrdersMapping, settings: Settings
) -> str:
    """Returns an SQL condition: a row of another customer, in this file or in raw, has the same value in the column."""
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


def _removals(batch_ids: Iterable[int]) -> list[str]:
    """Returns SQL statements that remove the row keys and order ids of erased rows in these batches, unless a row of
    another customer has the same. The erased row may have replaced that row, which would otherwise count again."""
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


def erase(connection: psycopg.Connection, customer_key: UUID) -> Counter[int]:
    """Removes the values of a customer's order lines but keeps their positions in their files.

    Returns the number of lines per batch; 0 for batches that only have rows erased before, which shared a key with the
    customer's lines.
    """
    before = connection.execute(
        f"""
        with theirs as (select _source, _row_key, order_id from {tables.ORDER_LINES} where customer_key = %s)
        select distinct _batch_id from {tables.ORDER_LINES} as others
        inner join theirs on others._source = theirs._source
            and (others._row_key = theirs._row_key or others.order_id = theirs.order_id)
        where _rule = '{ERASED}'
        """,  # noqa: S608 - our own names
        (customer_key,),
    ).fetchall()
    empty = ", ".join(f"{name} = null" for name in EMPTY)
    # In sources whose orders are identified by the order id alone, keep the id for now. The statements of _removals
    # remove it if no other customer has it.
    shared = f"select batch_id from {tables.BATCHES} where row_key = 'order'"  # noqa: S608 - our own names
    order_id = f"case when coalesce(amount, 0) >= 0 and _batch_id in ({shared}) then order_id end"
    rows = connection.execute(
        f"""update {tables.ORDER_LINES} set _rule = %s, _content = {NO_CONTENT}, order_id = {order_id}, {empty}
        where customer_key = %s returning _batch_id""",  # type: ignore[arg-type]  # noqa: S608 - our own SQL; values are bound or quoted
        (ERASED, customer_key),
    ).fetchall()
    batches = Counter({batch: 0 for (batch,) in before})
    batches.update(batch for (batch,) in rows)
    for removal in _removals(batches) if batches else ():
        connection.execute(removal)  # type: ignore[arg-type]
    return batches
