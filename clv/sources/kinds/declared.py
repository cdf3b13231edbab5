"""The declaration of a kind of source: its columns, and which rows replace which. Everything else is derived from it.

A kind with more needs, such as orders, overrides methods.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any
from uuid import UUID

import duckdb
import psycopg

from clv.catalog import tables
from clv.core import zone_names
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.core.sql_text import quoted
from clv.sources.kinds import columns_sql
from clv.sources.kinds.columns import (
    IN_PII,
    Column,
    DeclaredMapping,
    check_fields,
    has_customers,
    kept,
)
from clv.sources.kinds.columns_sql import ERASED, NO_CONTENT
from clv.sources.kinds.inner_keys import part_of, part_of_id, words
from clv.sources.mapping import keys
from clv.sources.mapping.keys import Schema
from clv.sources.mapping.model import FileMapping
from clv.sources.mapping.parts import filters_of, of_columns, of_file, sign_of
from clv.sources.mapping.values import MappingReader, time_formats
from clv.sources.mapping.warnings import Check

NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of source.

    name: its name in the key `kind` of mappings. table: the raw table. means: what a row is. replaces: columns; a later
    file's rows replace earlier rows with the same values in them, and rows of one file add up. replaces_in_file: the
    columns to compare instead when both rows are from files of the same name; by default those of `replaces`.
    staged_by_model: whether a dbt model of its own decides which rows count; by default staging does, by `replaces`.

    Raises TypeError for an unknown or missing field, and ValueError if the declaration contradicts itself.
    """

    name: str
    table: str
    means: str
    columns: tuple[Column, ...]
    replaces: tuple[str, ...] = ()
    replaces_in_file: tuple[str, ...] = ()
    staged_by_model: bool = False

    def __new__(cls, **stated: Any) -> Kind:
        check_fields(cls, stated, f"the kind {stated.get('name', '')}".strip())
        return super().__new__(cls)

    def __post_init__(self) -> None:
        if not self.table.startswith("raw."):
            raise ValueError(f"{self.name}: the table is in the schema raw; write table: raw.{self.table}")
        for name in ("replaces", "replaces_in_file"):
            if isinstance(value := getattr(self, name), str):
                raise ValueError(f"{self.name}: '{name}' is a tuple of columns; write {name}=({value!r},)")
        names = [column.name for column in self.columns]
        types = [column.type for column in self.columns]
        for name in [self.name, self.table.removeprefix("raw."), *names]:
            if not NAME.fullmatch(name):
                raise ValueError(f"{self.name}: {name!r} is no name; it has small letters, digits and _")
        for kind in ("customer", *IN_PII):
            if [name == kind for name in names] != [type_ == kind for type_ in types]:
                raise ValueError(f"{self.name}: the column of the type {kind}, and no other, is called {kind}")
        if clash := set(names) & {*keys.DESCRIPTION, "currency", "filters", "customer_namespace", "time_zone"}:
            raise ValueError(f"{self.name}: '{sorted(clash)[0]}' is a key that every mapping may have")
        if unknown := {*self.replaces, *self.replaces_in_file} - set(names):
            raise ValueError(f"{self.name}: 'replaces' names '{sorted(unknown)[0]}', which is no column")
        if not self.staged_by_model and not self.replaces:
            raise ValueError(f"{self.name}: 'replaces' is empty; say which earlier rows a later file's row replaces")
        if self.has_customers and self.replaces and "customer" not in self.replaces:
            raise ValueError(
                f"{self.name}: 'replaces' must contain the customer: add it, or erasing one brings back another's row"
            )
        if set(IN_PII) & set(names) and not self.has_customers:
            raise ValueError(f"{self.name}: an e-mail address or a name is kept with its customer; add that column")

    @property
    def has_customers(self) -> bool:
        """Returns whether the rows belong to customers."""
        return has_customers(self.columns)

    @property
    def rows_of_customer(self) -> str | None:
        """Returns the SQL condition that a row of the raw table is about a customer, with the key as its one parameter;
        None if rows are about no customers."""
        if not self.has_customers:
            return None
        others = [quoted(column.name) for column in self.columns if column.type == "other_customer"]
        return f"%s in ({', '.join(['customer_key', *others])})"

    @property
    def kept(self) -> list[Column]:
        """Returns the columns that the raw table stores under their own names, as `columns.kept` does."""
        return kept(self.columns)

    @property
    def needed(self) -> tuple[str, ...]:
        """Returns the columns of the raw table without which a row cannot be used."""
        return tuple("customer_key" if one.type == "customer" else one.name for one in self.columns if one.required)

    @property
    def keys(self) -> dict[str, Schema]:
        """Returns the top-level keys of this kind's mappings, as JSON Schema."""
        types = {column.type for column in self.columns}
        own = {
            column.name: {
                **(keys.part(keys.PARTS[part]) if (part := part_of(column)) else keys.COLUMN),
                "description": column.means,
            }
            for column in self.columns
        }
        return {
            **keys.DESCRIPTION,
            **own,
            **({"customer_namespace": keys.TEXT} if "customer" in types else {}),
            **({"time_zone": keys.TEXT} if "time" in types else {}),
            **({"currency": keys.CURRENCY} if "money" in types else {}),
            **({"sign": keys.SIGN} if any(one.signed for one in self.columns) else {}),
            "filters": keys.FILTERS,
        }

    @property
    def required_keys(self) -> tuple[str, ...]:
        """Returns the keys that every mapping of this kind needs."""
        return tuple(column.name for column in self.columns if column.required)

    def mapping(self, source: str, content: object, place: str) -> FileMapping:
        """Checks the content of a mapping of this kind. Raises ClvError with the file, the key and the remedy."""
        parts = {**keys.PARTS, **{one.name: keys.PARTS[part] for one in self.columns if (part := part_of(one))}}
        reader = MappingReader(content, place, self.keys, parts)
        reader.require(*self.required_keys)
        customer = reader.part("customer") if self.has_customers else {}
        named: dict[str, str | None] = {}
        formats: dict[str, tuple[str, ...]] = {}
        values = {column.name: found for column in self.columns if (found := words(column, reader))}
        ids = {column.name: found for column in self.columns if (found := part_of_id(column, reader))}
        for column in self.columns:
            value, key = reader.get(column.name), column.name
            if isinstance(value, dict) and (part := part_of(column)):
                value, key = reader.part(column.name).get("column"), f"{column.name}.column"
                if not value and part == "customer":
                    raise ClvError(f"{place}: 'customer' names no column; add column: and its name")
            is_given = key != column.name and part != "customer"
            given = reader.given(column.name, column.type in ("money", "number")) if is_given else None
            named[column.name] = name = given or reader.column(value, key)
            if name and key != column.name and (own := reader.part(column.name).get("formats")):
                formats[name] = time_formats(own, place, column.name)
        all_formats = tuple(dict.fromkeys(chain(*formats.values())))
        mapping = DeclaredMapping(
            source=source,
            of=self.name,
            columns=self.columns,
            named=named,
            customer=named.get("customer"),
            customer_lower=bool(customer.get("lower")),
            whole_number=(named["customer"] or "",) if customer.get("whole_number") else (),
            customer_namespace=reader.text(reader.get("customer_namespace"), "customer_namespace"),
            time_formats=all_formats,
            # Equal formats are not stated by column, so that such mappings keep their digest.
            formats=formats if any(own != all_formats for own in formats.values()) else {},
            values=values,
            ids=ids,
            time_zone=zone_names.checked(reader.get("time_zone"), place),
            filters=filters_of(reader),
            **(sign_of(reader) if any(one.signed for one in self.columns) else {}),
            **of_file(reader),
            **of_columns(reader),
        )
        if always := mapping.optional & {mapping.named[name] for name in self.required_keys}:
            listed = " and ".join(filter(None, [", ".join(self.required_keys[:-1]), self.required_keys[-1]]))
            raise ClvError(f"{place}: {listed} are required; take the ? off '{sorted(map(str, always))[0]}?'")
        return mapping

    def parsed_table(self, mapping: Any, zone: str, warehouse_currency: str, currency_stated: bool) -> str:
        """Returns SQL that creates the table `parsed` of typed rows (clv.sources.kinds.columns_sql)."""
        return columns_sql.parsed_table(mapping, zone, warehouse_currency, currency_stated)

    def preparation(self, mapping: Any) -> str:  # noqa: ARG002 - for kinds that need it
        """Returns SQL to run before `export_query`, when the tables that it needs exist."""
        return ""

    def export_query(self, mapping: Any) -> str:  # noqa: ARG002 - for kinds that need it
        """Returns SQL that selects the readable rows with the columns of the raw table."""
        return columns_sql.export_query(self.columns)

    def emptied(self, duck: duckdb.DuckDBPyConnection, query: str, mapping: Any, batch_id: int, home: Settings) -> str:  # noqa: ARG002 - for kinds that need it
        """Returns SQL for the rows of `export_query`, without the values of rows on the lines of the table
        erased(_line)."""
        return columns_sql.emptied(self.columns, query)

    def checks(self, mapping: Any) -> list[Check]:  # noqa: ARG002 - for kinds that need it
        """Returns checks of rows, in addition to those of every kind."""
        return []

    def warnings(self, duck: duckdb.DuckDBPyConnection, mapping: Any) -> list[str]:  # noqa: ARG002 - for kinds that need it
        """Returns warnings about the whole file, after its rows are written."""
        return []

    def refunds_prevail(self, duck: duckdb.DuckDBPyConnection, mapping: Any) -> bool:  # noqa: ARG002 - for kinds that need it
        """Returns whether most of a file's rows may be refunds, so that `comparison_warnings` looks for their sales."""
        return False

    def comparison_warnings(
        self, batch_ids: Sequence[int], of_refunds: Sequence[int], mapping: Any, home: Settings
    ) -> list[dict[int, str]]:
        """Returns warnings that come from comparing new batches with earlier ones, by batch. of_refunds: the batches in
        which refunds prevail."""
        del batch_ids, of_refunds, mapping, home  # for kinds that need them
        return []

    def replaced_by(self, batch_id: int, mapping: Any, home: Settings) -> str | None:  # noqa: ARG002 - for kinds that need it
        """Returns a note about the later file that has replaced a batch's rows; None if there is none."""
        return None

    def erase(self, connection: psycopg.Connection, customer_key: UUID) -> Counter[int]:
        """Removes a customer's values from the raw table but keeps the rows' lines in their file. Returns how many per
        batch."""
        key = ["customer_key"] if self.has_customers else []
        empty = ", ".join(f'"{name}" = null' for name in [*key, *(column.name for column in self.kept)])
        rows = connection.execute(
            f"update {self.table} set _rule = '{ERASED}', _content = {NO_CONTENT}, {empty} "  # type: ignore[arg-type]  # noqa: S608 - our own names
            f"where {self.rows_of_customer} returning _batch_id",
            (customer_key,),
        ).fetchall()
        return Counter(batch for (batch,) in rows)


@dataclass(frozen=True, kw_only=True)
class OfOrders(Kind):
    """A kind whose rows belong to orders, by the column order_id, and so to the customers of these."""

    @property
    def rows_of_customer(self) -> str:
        # An id that orders of several customers have says nothing of one of them.
        return f"""order_id in (
            select theirs.order_id from {tables.ORDER_LINES} as theirs
            where theirs.customer_key = %s and not exists (
                select from {tables.ORDER_LINES} as others
                where others.order_id = theirs.order_id and others.customer_key <> theirs.customer_key
            )
        )"""  # noqa: S608 - our own names
