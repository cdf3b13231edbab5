"""Orders: one row for each line of an order and for each refund."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import duckdb
import psycopg

from clv.catalog import tables
from clv.core.settings import Settings
from clv.sources.kinds.columns import Column
from clv.sources.kinds.declared import Kind
from clv.sources.kinds.orders import erased, keys, language, mapped, warnings
from clv.sources.kinds.orders.mapping import COLUMNS, NUMBERS, OrdersMapping
from clv.sources.mapping.keys import Schema
from clv.sources.mapping.warnings import Check


@dataclass(frozen=True, kw_only=True)
class Orders(Kind):
    """The kind of orders. It has its own mapping language, row keys and refunds."""

    @property
    def keys(self) -> dict[str, Schema]:
        return keys.KEYS

    @property
    def required_keys(self) -> tuple[str, ...]:
        return keys.REQUIRED

    def mapping(self, source: str, content: object, place: str) -> OrdersMapping:
        return language.mapping(source, content, place)

    def parsed_table(self, mapping: OrdersMapping, zone: str, warehouse_currency: str, currency_stated: bool) -> str:
        return mapped.parsed_table(mapping, zone, warehouse_currency, currency_stated)

    def preparation(self, mapping: OrdersMapping) -> str:
        return mapped.repeats(mapping)

    def export_query(self, mapping: OrdersMapping) -> str:
        return mapped.export_query(mapping)

    def emptied(
        self, duck: duckdb.DuckDBPyConnection, query: str, mapping: OrdersMapping, batch_id: int, home: Settings
    ) -> str:
        return erased.emptied(duck, query, mapping, batch_id, home)

    def checks(self, mapping: OrdersMapping) -> list[Check]:
        return warnings.without_amount(mapping)

    def warnings(self, duck: duckdb.DuckDBPyConnection, mapping: OrdersMapping) -> list[str]:
        return warnings.repeated_amounts(duck, mapping)

    def refunds_prevail(self, duck: duckdb.DuckDBPyConnection, mapping: OrdersMapping) -> bool:
        return warnings.refunds_prevail(duck, mapping)

    def comparison_warnings(
        self, batch_ids: Sequence[int], of_refunds: Sequence[int], mapping: OrdersMapping, home: Settings
    ) -> list[dict[int, str]]:
        return [
            warnings.shorter_orders(batch_ids, mapping, home),
            warnings.inverted_signs(of_refunds, mapping, home),
        ]

    def replaced_by(self, batch_id: int, mapping: OrdersMapping, home: Settings) -> str | None:
        return warnings.replaced_by(batch_id, mapping, home)

    def erase(self, connection: psycopg.Connection, customer_key: UUID) -> Counter[int]:
        return erased.erase(connection, customer_key)


KIND = Orders(
    name="orders",
    table=tables.ORDER_LINES,
    means="a line of an order, or a refund",
    staged_by_model=True,
    columns=(
        Column(name="customer", type="customer", means="Customer who ordered.", required=True),
        Column(name="order_id", type="id", means="Id of the order.", required=True),
        Column(name="ordered_at", type="time", means="Time of the order or refund.", required=True),
        Column(name="amount", type="money", means="Amount of the row; a refund is negative.", required=True),
        *(
            Column(
                name=name, type="number" if name in NUMBERS else "text", means=name.replace("_", " ").capitalize() + "."
            )
            for name in COLUMNS
        ),
        Column(name="may_contact", type="yes_no", means="Whether the customer may be contacted."),
        Column(name="email", type="email", means="E-mail address of the customer."),
        Column(name="name", type="name", means="Name of the customer."),
        Column(name="phone", type="phone", means="Telephone number of the customer."),
        Column(name="device", type="device", means="Id of the device on which the customer was logged in."),
    ),
)
