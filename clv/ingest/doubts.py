"""What is loaded as it stands and may not be what the shop means: said with the load, and kept from nothing."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from clv import masking, tables, warehouse
from clv.ingest import mapped
from clv.ingest.mapping import FileMapping, Mapping
from clv.roles import LOADER
from clv.settings import Settings

# Of new batches: their orders of which they have less than the delivery before, a file of another name that holds:
# fewer lines, none of the products, or, where no product is named, less money. What says that it is older, or that the
# order is cancelled, is let be.
_SHORTER = f"""
    with batches as (
        select batch_id, file_name, coalesce(replay_of, batch_id) as place
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
        batch_id, count(*), min(line), (array_agg(order_id order by line))[1], (array_agg(lines order by line))[1],
        (array_agg(earlier_lines order by line))[1], bool_and(ordered_at is distinct from earlier_time)
    from pairs
    where batch_id = any(%(new)s) and earlier_file <> file_name and amount > 0
        and (version < earlier_version) is not true
        and (
            lines < earlier_lines or not products && earlier_products
            or products is null and earlier_products is null and amount < earlier_amount
        )
    group by batch_id
"""


def amounts_twice(duck: duckdb.DuckDBPyConnection, mapping: Mapping) -> list[str]:
    """Orders of which one amount stands in several rows: rows that all count, and may be one that is written in two
    ways; or equal rows that count once, and may be lines. Nothing where rows have ids, or where a row is told apart by
    nothing but what it says."""
    if mapping.row_key in ("line", "content"):
        return []
    both, once = (duck.execute(query).fetchall()[0] for query in (mapped.BOTH_COUNT, mapped.ONE_COUNTS))
    warnings = []
    if both[0]:
        warnings.append(
            f"{_stand_twice(*both)}, and both count; where it is one repeated, take one out and load the file again "
            "under its name"
        )
    if once[0]:
        warnings.append(
            f"{_stand_twice(*once)} in equal rows, which count once; where they are lines of the order, name their "
            "product in the mapping, as in columns: {product_name: COLUMN}"
        )
    return warnings


def shorter_orders(batch_ids: Sequence[int], mapping: FileMapping, settings: Settings) -> dict[int, str]:
    """Of batches that were just loaded, a warning for each that has less of an order than the delivery before, of which
    it takes the place. It is kept beside the batch."""
    if not isinstance(mapping, Mapping) or not mapping.says_whole_orders or not batch_ids:
        return {}
    values = {"source": mapping.source, "new": list(batch_ids), "by_customer": mapping.row_key == "customer_order"}
    keep = f"""
        insert into {tables.BATCH_WARNINGS} (batch_id, place, warning)
        select %(batch)s, coalesce(max(place), 0) + 1, %(warning)s from {tables.BATCH_WARNINGS}
        where batch_id = %(batch)s
    """
    warnings = {}
    others = f"select 1 from {tables.BATCHES} where source = %(source)s and batch_id <> %(new)s limit 1"
    with warehouse.connect(settings.url_as(LOADER)) as connection:
        if len(batch_ids) == 1 and not connection.execute(others, {**values, "new": batch_ids[0]}).fetchone():  # type: ignore[arg-type]
            return {}
        for batch, *found in connection.execute(_SHORTER, values).fetchall():  # type: ignore[arg-type]
            warnings[batch] = _shorter(mapping, *found)
            connection.execute(keep, {"batch": batch, "warning": warnings[batch]})  # type: ignore[arg-type]
    return warnings


def _shorter(
    mapping: Mapping, orders: int, line: int, order: str, lines: int, before: int, at_other_times: bool
) -> str:
    has = "1 order has" if orders == 1 else f"{orders:,} orders have"
    rows = f"{lines:,} row{'' if lines == 1 else 's'}, {before:,} in an earlier file"
    if mapping.amount_once_per_order:
        mend = "send all lines of an order in one file"
    else:
        row_key = "customer_order_time" if at_other_times else "content"
        mend = (
            "where the shop sends an order's lines over several files, name what tells them apart, as in columns: "
            f"{{line_id: COLUMN}}, or say in the mapping {mapping.source}: row_key: {row_key}; then load all its files "
            "again"
        )
    return (
        f"{has} less here than in an earlier file, which counts for them no more, as order '{masking.value(order)}' on "
        f"line {line} ({rows}); {mend}"
    )


def _stand_twice(orders: int, line: int, amount: float) -> str:
    has = "1 order has" if orders == 1 else f"{orders:,} orders have"
    return f"{has} the same amount twice, as on line {line} ({amount:,.2f})"
