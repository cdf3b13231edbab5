"""The keys of a mapping of orders, in addition to the keys for every kind in clv.sources.mapping.keys."""

from __future__ import annotations

from clv.sources.kinds.orders.mapping import COLUMNS, OTHER, ROW_KEYS
from clv.sources.kinds.orders.mapping import PARTS as PARTS_OF_AMOUNT
from clv.sources.mapping import keys
from clv.sources.mapping.keys import COLUMN, CONDITIONS, TEXT, YES_NO, Schema

_TAKEN: Schema = {
    "description": "One column, or a list of columns, each of which is subtracted.",
    "type": ["string", "array"],
}
_MINUS = dict.fromkeys((*PARTS_OF_AMOUNT, OTHER), _TAKEN)
PARTS: dict[str, dict[str, Schema]] = {
    **keys.PARTS,
    "person": {"email": COLUMN, "name": COLUMN, "phone": COLUMN, "device": COLUMN, "consent": COLUMN},
    "order": {"column": COLUMN, "columns": keys.COLUMNS, "number": YES_NO, "whole_number": YES_NO},
    "amount": {
        "column": COLUMN,
        "quantity": COLUMN,
        "price": COLUMN,
        "sum": keys.COLUMNS,
        "minus": {"anyOf": [keys.COLUMNS, keys.part(_MINUS, short=False)]},
        "once_per_order": {"anyOf": [YES_NO, keys.COLUMNS]},
    },
    "amount.minus": _MINUS,
    "currency": {**keys.PARTS["currency"], "by_day": YES_NO},
    "columns": dict.fromkeys(COLUMNS, COLUMN),
    "refund": {"amount": COLUMN, "of": COLUMN, "time": COLUMN, "once_per_order": YES_NO},
    "no_revenue": {"column": COLUMN, **CONDITIONS},
}
KNOWN_PARTS = {name: tuple(part) for name, part in PARTS.items()}
_NO_REVENUE = {**keys.part(PARTS["no_revenue"], short=False), "required": ["column"]}
KEYS: dict[str, Schema] = {
    **keys.DESCRIPTION,
    "customer": keys.part(PARTS["customer"]),
    "customer_namespace": TEXT,
    "person": keys.part(PARTS["person"], short=False),
    "order": keys.part(PARTS["order"]),
    "time": keys.part(PARTS["time"]),
    "time_zone": TEXT,
    "amount": keys.part(PARTS["amount"]),
    "currency": keys.part(PARTS["currency"]),
    "columns": keys.part(PARTS["columns"], short=False),
    "row_key": {"enum": [*ROW_KEYS, "order_time"]},
    "part": COLUMN,
    "sign": keys.SIGN,
    "refund": keys.part(PARTS["refund"]),
    "carry": keys.COLUMNS,
    "filters": keys.FILTERS,
    "no_revenue": {"anyOf": [_NO_REVENUE, {"type": "array", "items": _NO_REVENUE}]},
    "updated_at": COLUMN,
}
REQUIRED = ("customer", "order", "time", "amount")
