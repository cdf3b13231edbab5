"""The currency that a file's money is in, and the warehouse's."""

from __future__ import annotations

import adbc_driver_postgresql.dbapi as adbc
import duckdb

from clv.errors import ClvError
from clv.ingest.files import Received
from clv.ingest.mapping import FileMapping
from clv.ingest.values_sql import is_currency
from clv.ingest.writing import claim_currency
from clv.sql_text import quoted

NO_CURRENCY = "XXX"  # ISO 4217's code for none: a warehouse whose sources state none


def stated(duck: duckdb.DuckDBPyConnection, mapping: FileMapping) -> list[str]:
    """The currencies that the file's rows are in."""
    if not mapping.currency_column:
        return [mapping.currency] if mapping.currency else []
    column = quoted(mapping.currency_column)
    # Any other text makes its row unreadable.
    query = f"select distinct upper({column}) from received where {is_currency(mapping)} order by 1"  # noqa: S608 - our own SQL; values are bound or quoted
    found = duck.execute(query).fetchall()
    return [code for (code,) in found]


def claimed(cursor: adbc.Cursor, file: Received, mapping: FileMapping, codes: list[str], shop: str | None) -> str:
    """The warehouse's currency: shop.json's, else the first batch's. Raises ClvError when the file is in another
    without a rate."""
    base = [code for code, rate in mapping.rates.items() if float(rate) == 1]
    first = shop or (base or codes or [NO_CURRENCY])[0]
    currency = claim_currency(cursor, first)
    if shop and shop != currency:
        raise ClvError(f"shop.json says currency {shop} and the warehouse is in {currency}; make shop.json say that")
    foreign = [code for code in codes if code != currency and code not in mapping.rates]
    if base and currency not in mapping.rates:
        foreign = base
    if foreign and currency == NO_CURRENCY:
        raise ClvError(
            f"{file.name} is in {', '.join(foreign)} and the orders in the warehouse state no currency; "
            f'say theirs in shop.json, as in {{"currency": "{foreign[0]}"}}'
        )
    if foreign:
        said = ", ".join(foreign)
        rates = f"rates: {{{currency}: 1, {foreign[0]}: 0.9}}"
        raise ClvError(
            f"{file.name} is in {said} and the warehouse in {currency}; "
            f"load the right file, or give currency in the mapping {mapping.source} a rate, as in {rates}"
        )
    return currency
