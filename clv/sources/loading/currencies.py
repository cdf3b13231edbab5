"""Determines the currencies of a file and of the warehouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from clv.catalog import tables
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.core.sql_text import quoted
from clv.sources.connectors.files import Received
from clv.sources.loading.writing import claim_currency
from clv.sources.mapping.model import FileMapping
from clv.sources.mapping.values_sql import is_currency
from clv.warehouse import db
from clv.warehouse.roles import LOADER

if TYPE_CHECKING:
    import adbc_driver_postgresql.dbapi as adbc

NO_CURRENCY = "XXX"  # the code of ISO 4217 for no currency: no source loaded so far states one


def stated(duck: duckdb.DuckDBPyConnection, mapping: FileMapping) -> list[str]:
    """Returns the currencies of the file's rows."""
    if not mapping.currency_column:
        return [mapping.currency] if mapping.currency else []
    column = quoted(mapping.currency_column)
    # Any other text makes its row unreadable.
    query = f"select distinct upper({column}) from received where {is_currency(mapping)} order by 1"  # noqa: S608 - our own SQL; values are bound or quoted
    found = duck.execute(query).fetchall()
    return [code for (code,) in found]


def differs(shop: str, warehouse: str) -> str:
    """Returns the message that shop.json and the warehouse have different currencies, and what to change."""
    return (
        f"shop.json says currency {shop} and the money in the warehouse is in {warehouse}; "
        f'write "currency": "{warehouse}" into shop.json (a file in {shop} needs a rate in its mapping), '
        f"or keep the orders in {shop} in a home of their own"
    )


def require_same_currency(settings: Settings) -> None:
    """Raises ClvError if shop.json states another currency than the warehouse has."""
    query = f"select value from {tables.SETTINGS} where name = 'currency' and value <> %s"  # noqa: S608 - our own names
    warehouse = db.rows(query, (NO_CURRENCY,), settings.url_as(LOADER))
    shop = settings.shop.currency
    if shop and warehouse and warehouse[0][0] != shop:
        raise ClvError(differs(shop, warehouse[0][0]))


def agreed(cursor: adbc.Cursor, file: Received, mapping: FileMapping, codes: list[str], settings: Settings) -> str:
    """Returns the warehouse's currency, and sets it if there is none yet: to that of shop.json, else to that of the
    file.

    Raises ClvError if the file has another currency and the mapping has no rate for it.
    """
    shop = settings.shop.currency
    base = [code for code, rate in mapping.rates.items() if float(rate) == 1]
    first = shop or (base or codes or [NO_CURRENCY])[0]
    currency = claim_currency(cursor, first)
    if shop and shop != currency:
        raise ClvError(differs(shop, currency))
    foreign = [code for code in codes if code != currency and code not in mapping.rates]
    if base and currency not in mapping.rates:
        foreign = base
    if foreign and currency == NO_CURRENCY:
        raise ClvError(
            f"{file.name} is in {', '.join(foreign)} and the orders in the warehouse state no currency; "
            f'set it in {settings.home / "shop.json"}, as in {{"currency": "{foreign[0]}"}}'
        )
    if foreign:
        foreign_codes = ", ".join(foreign)
        rates = f"rates: {{{currency}: 1, {foreign[0]}: 0.9}}"
        raise ClvError(
            f"{file.name} is in {foreign_codes} and the warehouse in {currency}; "
            f"load the right file, or give currency in the mapping {mapping.source} a rate, as in {rates}"
        )
    return currency
