"""Finds the rows of a file that belong to erased customers."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from clv.catalog import tables
from clv.core.settings import Settings
from clv.core.sql_text import quoted
from clv.sources.kinds.columns_sql import ERASED
from clv.sources.kinds.declared import Kind
from clv.sources.mapping.model import FileMapping
from clv.sources.mapping.values_sql import customer
from clv.warehouse import db
from clv.warehouse.erasures import Erased
from clv.warehouse.roles import LOADER


def places(batch_id: int, kind: Kind, settings: Settings) -> set[int]:
    """Returns the lines of a batch on which rows of erased customers stood."""
    query = f"""
        select _line from {kind.table} where _batch_id = %(batch_id)s and _rule = %(erased)s
        union select line from {tables.UNREADABLE_ROWS} where batch_id = %(batch_id)s and reason = %(erased)s
    """  # noqa: S608 - our own names
    found = db.rows(query, {"batch_id": batch_id, "erased": ERASED}, settings.url_as(LOADER))
    return {line for (line,) in found}


def digest(batch_id: int, settings: Settings) -> str:
    """Returns the digest of a batch's file. An erasure changes the file and its digest."""
    query = f"select content_sha256 from {tables.BATCHES} where batch_id = %s"  # noqa: S608 - our own names
    return db.rows(query, (batch_id,), settings.url_as(LOADER))[0][0]


def lines(
    duck: duckdb.DuckDBPyConnection, mapping: FileMapping, erased: Erased, others: Sequence[str] = ()
) -> set[int]:
    """Returns the lines with rows of erased customers; creates the tables erased(_line) and
    erased_customers(customer_id). others: columns of `parsed` with the ids of further customers.

    A customer may be listed under another form of the id than the mapping gives now: as it is in the file, because the
    mapping changed, or with invisible characters, because ids were not always cleaned of them. So every form is looked
    up, and every row with the id that the mapping gives is erased.
    """
    gone: list[str] = []
    further = [quoted(name) for name in others]
    if erased and mapping.customer:
        present, in_file = customer(mapping), quoted(mapping.customer)
        query = f"""
            select distinct customer_id, customer_id from parsed where customer_id is not null
            union select {present}, {in_file} from received where {in_file} is not null
            union select {present}, {customer(mapping, "_customer")} from received where _customer is not null
            union select {present}, _customer from received where _customer is not null
            {" ".join(f"union select {name}, {name} from parsed where {name} is not null" for name in further)}
        """  # noqa: S608 - our own SQL; values are bound or quoted
        found = duck.execute(query).fetchall()
        gone = sorted({one for one, form in found if erased.receipt(form, mapping.customer_namespace)})
    duck.register("erased_ids", pa.table({"customer_id": pa.array(gone, pa.string())}))
    duck.execute("create table erased_customers as from erased_ids")
    theirs = " or ".join(f"{name} in (from erased_customers)" for name in ("customer_id", *further))
    duck.execute(f"create table erased as select distinct _line from parsed where {theirs}")  # noqa: S608 - our own SQL; values are bound or quoted
    return {line for (line,) in duck.execute("from erased").fetchall()}
