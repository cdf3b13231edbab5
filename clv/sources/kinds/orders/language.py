"""Reads the mapping of a source of orders, key by key."""

from __future__ import annotations

from typing import Any

from clv.core.errors import ClvError
from clv.sources.kinds.orders.keys import KEYS, KNOWN_PARTS
from clv.sources.kinds.orders.mapping import OTHER, ROW_KEYS, OrdersMapping
from clv.sources.mapping.parts import filters_of, of_columns, of_file, sign_of, time_of
from clv.sources.mapping.values import Filter, MappingReader, filter_of, listed


def mapping(source: str, content: object, place: str) -> OrdersMapping:
    """Returns the checked mapping. Raises ClvError with the file, the key and the remedy."""
    return _orders(source, MappingReader(content, place, KEYS, KNOWN_PARTS))


def _orders(source: str, reader: MappingReader) -> OrdersMapping:
    place, column = reader.place, reader.column
    reader.require("customer", "order", "time", "amount")
    customer, order, time, amount = (reader.part(key) for key in ("customer", "order", "time", "amount"))
    columns = {
        name: column(value, f"columns.{name}") or ""
        for name, value in reader.within("columns", reader.get("columns") or {}).items()
    }
    of_amount = _amount(reader)  # refuses a price without quantity
    if amount.get("price"):
        columns["quantity"] = column(amount["quantity"], "amount.quantity") or ""
        columns.setdefault("unit_price", column(amount["price"], "amount.price") or "")
    order_columns = listed(order.get("columns") or [order.get("column")], f"{place}: 'order.columns'")
    named = {"customer": [customer.get("column")], "order": order_columns, "time": [time.get("column")]}
    for key, names in named.items():
        if not all(names):
            raise ClvError(f"{place}: '{key}' names no column; add column: and its name")
    order_columns = [column(name, "order") or "" for name in order_columns]
    person, refund = reader.part("person"), reader.part("refund", "amount")
    customer_column = column(customer.get("column"), "customer.column") or ""
    mapping = OrdersMapping(
        source=source,
        customer=customer_column,
        customer_lower=bool(customer.get("lower")),
        whole_number=tuple(
            name
            for item, names in ((customer, [customer_column]), (order, order_columns))
            if item.get("whole_number")
            for name in names
        ),
        customer_namespace=reader.text(reader.get("customer_namespace"), "customer_namespace"),
        order=tuple(order_columns),
        order_numbered=bool(order.get("number")),
        **time_of(reader),
        **of_amount,
        columns=columns,
        email=column(person.get("email"), "person.email"),
        name=column(person.get("name"), "person.name"),
        phone=column(person.get("phone"), "person.phone"),
        device=column(person.get("device"), "person.device"),
        consent=column(person.get("consent"), "person.consent"),
        row_key=_row_key(reader, columns),
        part=column(reader.get("part"), "part"),
        **sign_of(reader),
        refund_amount=column(refund.get("amount"), "refund.amount"),
        refund_time=column(refund.get("time"), "refund.time"),
        refund_once_per_order=refund.get("once_per_order"),
        refund_whole=column(refund.get("of"), "refund.of"),
        carry=tuple(column(name, "carry") or "" for name in listed(reader.get("carry"), f"{place}: 'carry'")),
        filters=filters_of(reader),
        updated_at=column(reader.get("updated_at"), "updated_at"),
        rates_by_day=bool(reader.part("currency", "code").get("by_day")),
        **of_file(reader),
        **of_columns(reader),
    )
    _check_consistency(mapping, place)
    return mapping


def _check_consistency(mapping: OrdersMapping, place: str) -> None:
    if mapping.row_key not in ROW_KEYS:
        raise ClvError(f"{place}: row_key '{mapping.row_key}' is unknown; it is one of {', '.join(ROW_KEYS)}")
    if mapping.row_key == "line" and "line_id" not in mapping.columns:
        raise ClvError(f"{place}: row_key 'line' needs columns.line_id; name the column or drop row_key")
    if mapping.part and mapping.row_key != "content":
        raise ClvError(f"{place}: 'part' goes with row_key: content; add that or drop 'part'")
    if mapping.rates_by_day and not mapping.rates:
        raise ClvError(
            f"{place}: 'currency.by_day' needs fixed rates too, for days without a rate; add rates: {{USD: 0.92}}"
        )
    if mapping.refund_whole and not mapping.refund_amount:
        raise ClvError(f"{place}: 'refund' has 'of' but no amount; add amount: and the column's name")
    if mapping.refund_whole and mapping.amount_once_per_order and not mapping.refunded_once_per_order:
        raise ClvError(
            f"{place}: 'refund.of' needs the refund of the whole order if 'amount' is the whole order's; "
            "take once_per_order: false off 'refund'"
        )
    if persons := {mapping.email, mapping.name, mapping.phone, mapping.device} & set(mapping.order) - {
        mapping.customer
    }:
        raise ClvError(f"{place}: 'order' is stored outside of pii; remove '{sorted(map(str, persons))[0]}' from it")
    always = mapping.optional & {mapping.customer, *mapping.order, mapping.time, mapping.amount or mapping.price or ""}
    if mapping.amount_sum and mapping.optional >= set(mapping.amount_sum):
        always = mapping.optional & {mapping.amount_sum[0]}
    if always:
        raise ClvError(f"{place}: customer, order, time and amount are required; take the ? off '{sorted(always)[0]}?'")


def _row_key(reader: MappingReader, columns: dict[str, str]) -> str:
    """Returns what identifies a row: as the mapping states, or else by the columns it has."""
    if stated := reader.get("row_key"):
        return "order" if stated == "order_time" else stated  # the former name of this row key
    if "line_id" in columns:
        return "line"
    order, time = reader.part("order"), reader.part("time")
    generated = order.get("number") or time.get("column") in (order.get("columns") or [order.get("column")])
    return "customer_order_time" if generated else "customer_order"


def _amount(reader: MappingReader) -> dict[str, Any]:
    """Reads the keys `amount` and `no_revenue`; returns arguments of OrdersMapping."""
    place, column, amount = reader.place, reader.column, reader.part("amount")
    ways = [key for key in ("column", "price", "sum") if amount.get(key)]
    if len(ways) != 1:
        raise ClvError(
            f"{place}: 'amount' is either a column, or a quantity and a price, or a sum; name one of the three"
        )
    if amount.get("price") and not amount.get("quantity"):
        raise ClvError(f"{place}: 'amount' has a price but no quantity; add quantity: and the column's name")
    once = amount.get("once_per_order")
    summed = _columns(reader, amount.get("sum"), "amount.sum")
    parts = _parts(reader, amount.get("minus"))
    minus = tuple(name for names in parts.values() for name in names)
    named = [amount.get("column"), *minus]  # a column of `sum` may be taken off: it is in the total, but no revenue
    if twice := [name for name in minus if named.count(name) > 1]:
        raise ClvError(f"{place}: 'amount' names the column '{twice[0]}' twice; name each column once")
    once_columns = _columns(reader, once, "amount.once_per_order") if isinstance(once, list) else ()
    if others := set(once_columns) - {*summed, *minus}:
        raise ClvError(
            f"{place}: 'amount.once_per_order' lists columns of 'sum' or 'minus' that are the whole order's; "
            f"'{sorted(others)[0]}' is none of them"
        )
    no_revenue = reader.get("no_revenue")
    rules = no_revenue if isinstance(no_revenue, list) else [no_revenue] if no_revenue else []
    return {
        "amount": column(amount.get("column"), "amount.column"),
        "price": column(amount.get("price"), "amount.price"),
        "amount_sum": summed,
        "amount_minus": minus,
        "amount_parts": {} if isinstance(amount.get("minus"), list) else parts,
        "amount_once_per_order": bool(once) and not once_columns,
        "amount_once_columns": once_columns,
        "no_revenue": tuple(_without_revenue(rule, reader) for rule in rules),
    }


def _parts(reader: MappingReader, minus: object) -> dict[str, tuple[str, ...]]:
    """Reads `amount.minus`; returns the columns by what they are. A list does not say what its columns are."""
    named = reader.within("amount.minus", minus) if isinstance(minus, dict) else {OTHER: minus} if minus else {}
    found = {}
    for name, value in named.items():
        key = f"amount.minus.{name}" if isinstance(minus, dict) else "amount.minus"
        found[name] = _columns(reader, [value] if isinstance(value, str) else value, key)
    return found


def _columns(reader: MappingReader, names: object, key: str) -> tuple[str, ...]:
    return tuple(reader.column(name, key) or "" for name in listed(names, f"{reader.place}: '{key}'"))


def _without_revenue(rule: object, reader: MappingReader) -> Filter:
    stated = reader.within("no_revenue", rule)
    return filter_of({"rule": "no_revenue", **stated}, reader.column, reader.place, "no_revenue")
