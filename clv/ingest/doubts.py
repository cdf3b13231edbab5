"""What is loaded as it stands and may not be what the shop means: said with the load, and kept from nothing."""

from __future__ import annotations

import duckdb

from clv.ingest import mapped
from clv.ingest.mapping import Mapping


def amounts_twice(duck: duckdb.DuckDBPyConnection, mapping: Mapping) -> list[str]:
    """Orders of which one amount stands in several rows that all count: as much as two equal lines, a repetition that
    is written in another way."""
    query = mapped.amounts_twice(mapping)
    if not query:
        return []
    orders, line, amount = duck.execute(query).fetchall()[0]
    if not orders:
        return []
    has = "1 order has" if orders == 1 else f"{orders:,} orders have"
    return [
        f"{has} the same amount twice, as on line {line} ({amount.normalize():f}), and both count; "
        "where it is one repeated, take one out and load the file again under its name"
    ]
