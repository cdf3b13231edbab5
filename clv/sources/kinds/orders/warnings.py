"""Warnings about orders that are loaded but may be a mistake of the shop's export or of the mapping."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from clv.catalog import tables
from clv.core.settings import Settings
from clv.core.sql_text import quoted
from clv.sources.kinds.orders import mapped
from clv.sources.kinds.orders.mapping import OrdersMapping
from clv.sources.kinds.orders.values_sql import has_amount
from clv.sources.mapping.values_sql import meets
from clv.sources.mapping.warnings import Check, column_name
from clv.warehouse import db
from clv.warehouse.roles import LOADER

# Selects, for each new batch, the orders of which it holds less than the previous delivery: fewer lines, none of the
# same products or, if there are no products, less revenue. Only deliveries in files of another name that are not
# withdrawn are compared. An older version of an order and a cancelled order give no warning.
_SHORTER = f"""
    with batches as (
        select batch_id, file_name, place
        from {tables.BATCHES}
        where source = %(source)s and batch_id not in (select batch_id from {tables.WITHDRAWALS})
    ),
    new_orders as (
        select distinct order_id from {tables.ORDER_LINES} where _batch_id = any(%(new)s) and order_id is not null
    ),
    deliveries as (
        select
            order_id, case when %(by_customer)s then customer_key end as owner, _batch_id as batch_id,
            min(_line) as line, count(distinct _row_key) as lines, sum(amount) filter (where _rule is null) as amount,
            max(_version) as version, min(ordered_at) as ordered_at,
            array_agg(coalesce(product_id, product_name, category))
                filter (where num_nonnulls(product_id, product_name, category) > 0) as products
        from {tables.ORDER_LINES}
        where order_id in (select order_id from new_orders) and _batch_id in (select batch_id from batches)
            and customer_key is not null and coalesce(amount, 0) >= 0
        group by order_id, owner, _batch_id
    ),
    pairs as (
        select
            *, lag(file_name) over placed as earlier_file, lag(lines) over placed as earlier_lines,
            lag(amount) over placed as earlier_amount, lag(products) over placed as earlier_products,
            lag(version) over placed as earlier_version, lag(ordered_at) over placed as earlier_time
        from deliveries inner join batches using (batch_id)
        window placed as (partition by order_id, owner order by place, batch_id)
    )
    select
        batch_id, count(*), min(line), (array_agg(lines order by line))[1],
        (array_agg(earlier_lines order by line))[1], bool_and(ordered_at is distinct from earlier_time)
    from pairs
    where batch_id = any(%(new)s) and earlier_file <> file_name and amount > 0
        and (version < earlier_version) is not true
        and (
            lines < earlier_lines or not products && earlier_products
            or products is null and earlier_products is null and amount < earlier_amount
        )
    group by batch_id
"""  # noqa: S608 - our own names

FEWEST_RETURNED = 5  # orders with a negative total; with fewer, there is no warning
# Counts, for a new batch, its orders, and those with a negative total and no known sale.
_RETURNED = f"""
    with orders as (
        select coalesce(order_id, _row_key) as name, order_id, min(_line) as line, sum(amount) as amount
        from {tables.ORDER_LINES}
        where _batch_id = %(batch)s and _rule is null and amount is not null and customer_key is not null
        group by 1, 2
    ),
    returned as (select * from orders where amount < 0),
    sold as (
        select distinct sales.order_id
        from {tables.ORDER_LINES} as sales
        inner join returned on sales.order_id = returned.order_id
        where sales._source = %(source)s and sales.amount > 0
            and sales._batch_id not in (select batch_id from {tables.WITHDRAWALS})
            and (select count(*) from returned) * 2 > (select count(*) from orders)
    )
    select (select count(*) from orders), count(*), min(line)
    from returned
    where order_id is null or order_id not in (select order_id from sold)
"""  # noqa: S608 - our own names


def without_amount(mapping: OrdersMapping) -> list[Check]:
    """Returns a check for rows of orders that have no amount and that no filter rejects."""
    if mapping.amount_once_per_order:
        return []
    column = mapping.amount or mapping.price or mapping.amount_sum[0]
    there = " and ".join(f"{quoted(name)} is not null" for name in dict.fromkeys([mapping.customer, *mapping.order]))
    line = f"amount: {{column: {column}, once_per_order: true}}"
    remedy = f"if only the first row of an order has its total, say in the mapping {mapping.source}: {line}"
    if not mapping.amount:
        remedy = f"name a filter in the mapping {mapping.source} if such rows are not sales"
    rejected = [f"not coalesce({meets(mapping, rule)}, false)" for rule in mapping.filters]
    lacks = " and ".join([there, f"not ({has_amount(mapping)})", *rejected])
    return [Check(lacks, "have", f"no amount in {column_name(column)}", remedy)]


def repeated_amounts(duck: duckdb.DuckDBPyConnection, mapping: OrdersMapping) -> list[str]:
    """Returns warnings about orders with the same amount in several rows. Either all these rows count, and they may be
    one row that was written in two ways. Or they are equal and count once, and they may be several lines.

    Empty if rows have ids or are identified by their content alone.
    """
    if mapping.row_key in ("line", "content"):
        return []
    both, once = (duck.execute(query).fetchall()[0] for query in (mapped.BOTH_COUNT, mapped.ONE_COUNTS))
    warnings = []
    if both[0]:
        warnings.append(
            f"{_repeated(*both)}, and both count; if one repeats the other, remove it and load the file again "
            "under its name"
        )
    if once[0]:
        warnings.append(
            f"{_repeated(*once)} in equal rows, which count once; if they are lines of the order, name their "
            "product in the mapping, as in columns: {product_name: COLUMN}"
        )
    return warnings


def shorter_orders(batch_ids: Sequence[int], mapping: OrdersMapping, settings: Settings) -> dict[int, str]:
    """Returns a warning for each new batch that holds less of an order than the previous delivery, which it
    replaces."""
    if not mapping.holds_whole_orders or not batch_ids:
        return {}
    values = {"source": mapping.source, "new": list(batch_ids), "by_customer": mapping.row_key == "customer_order"}
    warnings = {}
    others = f"select 1 from {tables.BATCHES} where source = %(source)s and batch_id <> %(new)s limit 1"  # noqa: S608 - our own names
    with db.connect(settings.url_as(LOADER)) as connection:
        if len(batch_ids) == 1 and not connection.execute(others, {**values, "new": batch_ids[0]}).fetchone():  # type: ignore[arg-type]
            return {}
        for batch, *found in connection.execute(_SHORTER, values).fetchall():  # type: ignore[arg-type]
            warnings[batch] = _shorter(mapping, *found)
    return warnings


def refunds_prevail(duck: duckdb.DuckDBPyConnection, mapping: OrdersMapping) -> bool:
    """Returns whether most orders of a file may have a negative total: they have, or some rows have no order."""
    order = "customer_id, order_id" if mapping.customer in mapping.order else "order_id"
    query = f"""
        with orders as (
            select order_id, sum(amount) < 0 as is_returned
            from parsed anti join unreadable using (_line) anti join erased using (_line)
            where _rule is null and amount is not null and customer_id is not null
            group by {order}
        )
        select count(*) filter (is_returned), count(*), count(*) > count(order_id) from orders
    """  # noqa: S608 - our own SQL; values are bound or quoted
    returned, orders, without_order = duck.execute(query).fetchall()[0]
    return without_order or returned >= FEWEST_RETURNED and returned * 2 > orders


def inverted_signs(batch_ids: Sequence[int], mapping: OrdersMapping, settings: Settings) -> dict[int, str]:
    """Returns a warning for each batch in which most orders have a negative total and no known sale. The export may
    write sales with a minus.

    batch_ids: batches in which refunds prevail.
    """
    if not batch_ids:
        return {}
    warnings = {}
    with db.connect(settings.url_as(LOADER)) as connection:
        for batch in batch_ids:
            values = {"batch": batch, "source": mapping.source}
            orders, unsold, line = connection.execute(_RETURNED, values).fetchone() or (0, 0, None)  # type: ignore[arg-type]
            if unsold >= FEWEST_RETURNED and unsold * 2 > orders:
                warnings[batch] = (
                    f"{unsold:,} of {orders:,} orders have a negative total, as on line {line}, and no known sale; if "
                    "the export writes sales with a minus, withdraw the batch with "
                    f'`clv withdraw --batch {batch} --reason "inverted signs"` and load it with positive sales'
                )
    return warnings


def replaced_by(batch_id: int, mapping: OrdersMapping, settings: Settings) -> str | None:
    """Returns a note for a batch that was loaded before: which later file has replaced its orders. None if there is no
    such file."""
    if not mapping.holds_whole_orders:
        return None
    query = f"""
        select batches.batch_id, batches.file_name, count(distinct later.order_id)
        from {tables.ORDER_LINES} as later
        inner join {tables.BATCHES} as batches on later._batch_id = batches.batch_id
        where later._source = %(source)s
            and batches.place > (select place from {tables.BATCHES} where batch_id = %(batch)s)
            and later._batch_id not in (select batch_id from {tables.WITHDRAWALS})
            and later.order_id in (select order_id from {tables.ORDER_LINES} where _batch_id = %(batch)s)
        group by batches.batch_id, batches.file_name, batches.place
        order by batches.place desc, batches.batch_id desc limit 1
    """  # noqa: S608 - our own names
    found = db.rows(query, {"source": mapping.source, "batch": batch_id}, settings.url_as(LOADER))
    if not found:
        return None
    later, name, orders = found[0]
    has = "1 order" if orders == 1 else f"{orders:,} orders"
    return (
        f"batch {later} ({name}), which was loaded later, has replaced {has} of this file; if that batch is wrong, "
        f'withdraw it: `clv withdraw --batch {later} --reason "wrong"`'
    )


def _shorter(mapping: OrdersMapping, orders: int, line: int, lines: int, before: int, at_other_times: bool) -> str:
    has = "1 order has" if orders == 1 else f"{orders:,} orders have"
    rows = f"{lines:,} row{'' if lines == 1 else 's'}, {before:,} in an earlier file"
    if mapping.amount_once_per_order:
        remedy = "send all lines of an order in one file"
    else:
        row_key = "customer_order_time" if at_other_times else "content"
        remedy = (
            "if the shop spreads the lines of an order over several files, name the column that identifies a line, "
            f"as in columns: {{line_id: COLUMN}}, or say in the mapping {mapping.source}: row_key: {row_key}; then "
            "load all its files again"
        )
    return (
        f"{has} less here than in an earlier file, which this file replaces, as the order on line {line} "
        f"({rows}); {remedy}"
    )


def _repeated(orders: int, line: int, amount: float) -> str:
    has = "1 order has" if orders == 1 else f"{orders:,} orders have"
    return f"{has} the same amount twice, as on line {line} ({amount:,.2f})"
