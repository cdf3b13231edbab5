"""Whether a connector's key fits what the mapping replaces."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Sequence

from clv.core.errors import ClvError
from clv.sources.fetching import rows
from clv.sources.fetching.rows import Found, Unit
from clv.sources.kinds.orders.mapping import OrdersMapping
from clv.sources.mapping.model import FileMapping

COMPARED = 100_000  # keys of a fetch


def whole_orders(found: Iterable[Found], key: Sequence[str], mapping: FileMapping | None) -> Generator[Found]:
    """Yields what was found. Raises ClvError if two keys have rows of one order and a delivery replaces whole orders:
    one changed row would replace the others of its order."""
    order = _replaced(mapping)
    if not order or set(key) <= set(order):
        yield from found
        return
    keys: dict[str, str] = {}
    for one in found:
        if isinstance(one, Unit) and len(keys) < COMPARED:
            row = json.loads(one.lines[0])
            values = [rows.value_at(row, column) for column in order]
            if None not in values and keys.setdefault(json.dumps(values), one.key) != one.key:
                raise ClvError(
                    f"an order has rows of several keys ({', '.join(key)}), and the mapping replaces whole orders: a "
                    f"changed row would replace the others of its order; write key: {_written(order)}"
                )
        yield one


def notes(key: Sequence[str], mapping: FileMapping | None) -> list[str]:
    """Returns a note if an order whose customer changes would count twice."""
    if isinstance(mapping, OrdersMapping) and mapping.row_key == "customer_order" and set(key) <= set(mapping.order):
        return [
            "an order whose customer changes counts for both; write `row_key: order` in the mapping, since `key` says "
            "that no two customers share an order"
        ]
    return []


def _replaced(mapping: FileMapping | None) -> tuple[str, ...]:
    """Returns the columns that identify what a newer delivery replaces as a whole; none if it replaces single rows."""
    if not isinstance(mapping, OrdersMapping) or not mapping.holds_whole_orders:
        return ()
    return mapping.order if mapping.row_key == "order" else (mapping.customer, *mapping.order)


def _written(columns: Sequence[str]) -> str:
    return columns[0] if len(columns) == 1 else f"[{', '.join(columns)}]"
