"""A checked mapping of orders."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Self

from clv.sources.mapping.model import ADDED, FileMapping, equal_to, of_sign
from clv.sources.mapping.values import Filter

# Optional columns of raw.order_lines that a mapping may fill.
COLUMNS = (
    "line_id", "quantity", "unit_price", "discount", "cost", "product_id", "product_name", "category", "channel",
    "country", "status", "refund_of", "campaign", "discount_code",
)  # fmt: skip
# Columns that describe one line of an order, not the whole order.
LINE_COLUMNS = ("line_id", "quantity", "unit_price", "product_id", "product_name", "category")
NUMBERS = ("quantity", "unit_price", "discount", "cost")
# What `amount.minus` may name, and the column of raw.order_lines that keeps it. No column keeps what is named `other`.
PARTS = {"tax": "tax", "shipping": "shipping", "tip": "tip", "gift_card": "gift_card", "discount": "discount_off"}
OTHER = "other"
STATED = ("stated_amount", *PARTS.values())  # columns of raw.order_lines about what the export states in all
OF_CURRENCY = ("currency", "fixed_rate")  # columns of raw.order_lines by which staging applies the rate of the day
ROW_KEYS = ("line", "order", "customer_order", "customer_order_time", "content")
WITHOUT_WHOLE = ", which is empty or 0"  # ends the reason of a refund whose column `of` has no number
# The names of row keys in the digest of a mapping. They are the former names: a changed digest would load every file
# again.
DIGESTED_ROW_KEYS = {"order": "order_time", "customer_order": "customer_order_time"}


@dataclass(frozen=True, kw_only=True)
class OrdersMapping(FileMapping):
    """A checked mapping of orders."""

    customer: str = ""
    order: tuple[str, ...]
    time: str
    amount: str | None
    price: str | None = None
    customer_lower: bool = False
    whole_number: tuple[str, ...] = ()
    order_numbered: bool = False
    amount_once_per_order: bool = False
    columns: dict[str, str] = field(default_factory=dict)
    email: str | None = None
    name: str | None = None
    consent: str | None = field(default=None, metadata=ADDED)
    row_key: str = "customer_order"
    sign_column: str | None = None
    sign_negative: tuple[str, ...] = ()
    refund_amount: str | None = None
    refund_time: str | None = None
    refund_once_per_order: bool | None = field(default=None, metadata=ADDED)
    carry: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    updated_at: str | None = None
    amount_sum: tuple[str, ...] = field(default=(), metadata=ADDED)
    amount_minus: tuple[str, ...] = field(default=(), metadata=ADDED)
    amount_once_columns: tuple[str, ...] = field(default=(), metadata=ADDED)
    no_revenue: tuple[Filter, ...] = field(default=(), metadata=ADDED)
    refund_whole: str | None = field(default=None, metadata=ADDED)
    amount_parts: dict[str, tuple[str, ...]] = field(default_factory=dict, metadata=ADDED)
    phone: str | None = field(default=None, metadata=ADDED)
    device: str | None = field(default=None, metadata=ADDED)
    rates_by_day: bool = field(default=False, metadata=ADDED)

    @property
    def refunded_once_per_order(self) -> bool:
        """Returns whether a refunded amount is the total of the order. If the mapping does not state it, it is as for
        `amount`."""
        once = self.amount_once_per_order if self.refund_once_per_order is None else self.refund_once_per_order
        return bool(self.refund_amount and once)

    @property
    def returns_costs_of_orders(self) -> bool:
        """Returns whether a refund takes back a share of the costs of all lines of its order."""
        return self.refunded_once_per_order and "cost" in self.columns

    @property
    def states_more(self) -> bool:
        """Returns whether the amount is less than what the export states."""
        return bool(self.amount_minus or self.no_revenue)

    @property
    def taken_off(self) -> tuple[Filter, ...]:
        """Returns the rules of `no_revenue` about lines of an order that states its total. What such lines cost is
        taken off the total."""
        has_price = {"quantity", "unit_price"} <= set(self.columns)
        of_lines = {self.columns.get(name) for name in LINE_COLUMNS}
        exploded = f"{self.explode}." if self.explode else None
        return tuple(
            rule
            for rule in self.no_revenue
            if self.amount_once_per_order
            and has_price
            and (rule.column in of_lines or exploded and rule.column.startswith(exploded))
        )

    @property
    def holds_whole_orders(self) -> bool:
        """Returns whether a delivery holds whole orders, so that the newest delivery of an order replaces all earlier
        ones."""
        return self.row_key in ("order", "customer_order")

    @property
    def wanted(self) -> list[str]:
        names = [
            self.customer, *self.order, self.time, self.amount, self.price, *self.columns.values(), self.email,
            self.name, self.phone, self.device, self.consent, self.part, self.sign_column, self.refund_amount,
            self.refund_time, *self.carry, *(name for rule in self.filters for name in rule.read), self.updated_at,
            self.currency_column, self.time_of_day, self.zone_column, *self.amount_sum, *self.amount_minus,
            *(rule.column for rule in self.no_revenue), self.refund_whole,
        ]  # fmt: skip
        return list(dict.fromkeys(name for name in names if name))

    @property
    def numbers(self) -> list[str]:
        names = [
            self.amount,
            self.price,
            self.refund_amount,
            self.refund_whole,
            *(self.columns.get(name) for name in NUMBERS),
        ]
        names += [*self.amount_sum, *self.amount_minus]
        return list(dict.fromkeys(name for name in names if name))

    @property
    def identities(self) -> list[str]:
        columns = [self.columns.get(name) for name in ("line_id", "product_id", "refund_of")]
        times = (self.time, self.time_of_day)
        names = [self.customer, *self.order, self.email, self.phone, self.device, *columns]
        return list(dict.fromkeys(name for name in names if name and name not in times))

    def counting(self, parts: Collection[str]) -> Self:
        named = {name: columns for name, columns in self.amount_parts.items() if name not in parts}
        gone = {column for columns in self.amount_parts.values() for column in columns}
        gone -= {column for columns in named.values() for column in columns}
        minus = tuple(column for column in self.amount_minus if column not in gone)
        once = tuple(column for column in self.amount_once_columns if column in {*self.amount_sum, *minus})
        return replace(self, amount_parts=named, amount_minus=minus, amount_once_columns=once)

    @property
    def answers(self) -> list[str]:
        return [self.consent] if self.consent else []

    @property
    def kind(self) -> str:
        return "orders"

    @property
    def time_key(self) -> str:
        return "time"

    @property
    def time_column(self) -> str:
        return self.time

    @property
    def compared(self) -> list[tuple[str, str, str, tuple[str, ...]]]:
        free = equal_to(("no_revenue", rule) for rule in self.no_revenue)
        return [*super().compared, *free, *of_sign(self.sign_column, self.sign_negative)]

    def own_remedies(self, reasons: Iterable[str]) -> list[tuple[str, str]]:
        if not any(reason.endswith(WITHOUT_WHOLE) for reason in reasons):
            return []
        names = self.alternatives.get(self.refund_whole or "", (self.refund_whole or "",))
        column = json.dumps(names[0] if len(names) == 1 else names, ensure_ascii=False)
        whole, added = " or ".join(names), "added to filters, this" if self.filters else "this"
        conditions = {f"{whole} is at most 0": "at_most: 0", f"{whole} is empty": "present: false"}
        found = []
        for state, condition in conditions.items():
            rule = f"{{rule: refund_of_nothing, column: {column}, {condition}}}"
            line = f"- {rule}" if self.filters else f"filters: [{rule}]"
            found.append((f"{added} rejects orders whose {state}, also those without a refund", line))
        return found

    def digested(self) -> dict[str, Any]:
        """Returns the content from which the digest is computed. Files that were loaded before lines without revenue
        were taken off a total, or refunds took back the costs of all lines, are loaded again."""
        later = {"taken_off": "quantity × unit_price"} if self.taken_off else {}
        later |= {"returned_cost": "of the order"} if self.returns_costs_of_orders else {}
        row_key = DIGESTED_ROW_KEYS.get(self.row_key, self.row_key)
        return {**super().digested(), "row_key": row_key, **later}
