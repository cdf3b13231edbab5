"""What is loaded as it stands and may not be what the shop means: said with the load, and kept from nothing."""

from __future__ import annotations

import duckdb

from clv.ingest import mapped
from clv.ingest.mapping import Mapping


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


def _stand_twice(orders: int, line: int, amount: float) -> str:
    has = "1 order has" if orders == 1 else f"{orders:,} orders have"
    return f"{has} the same amount twice, as on line {line} ({amount:,.2f})"
