"""Reads the keys of a mapping that have inner keys: time, currency, file format and filters."""

from __future__ import annotations

from typing import Any

from clv.core import zone_names
from clv.core.errors import ClvError
from clv.sources.mapping.values import (
    Filter,
    MappingReader,
    exchange_rates,
    filter_of,
    known_encoding,
    listed,
    texts,
    time_formats,
)

UNTIL_HEADER = "until_header"  # stands for the number of lines to skip
SEARCHED_LINES = 200  # the first lines of a file, among which the header is searched


def time_of(reader: MappingReader, key: str = "time") -> dict[str, Any]:
    """Reads the keys for the time and `time_zone`; returns arguments of a mapping."""
    place, time = reader.place, reader.part(key)
    zones = keys_and_texts(time.get("zones") or {}, f"{place}: '{key}.zones'")
    for zone in zones.values():
        zone_names.checked(zone, place)
    if zones and not time.get("zone"):
        raise ClvError(f"{place}: '{key}.zones' explains the zones of a column; add zone: and the column's name")
    return {
        "time": reader.column(time.get("column"), f"{key}.column") or "",
        "time_of_day": reader.column(time.get("time_of_day"), f"{key}.time_of_day"),
        "zone_column": reader.column(time.get("zone"), f"{key}.zone"),
        "zones": zones,
        "time_formats": time_formats(time.get("formats"), place, key),
        "time_zone": zone_names.checked(reader.get("time_zone"), place),
    }


def keys_and_texts(value: object, what: str) -> dict[str, str]:
    """Checks that a value maps texts to texts. Raises ClvError with the name of its key."""
    if not isinstance(value, dict) or not all(isinstance(one, str) for pair in value.items() for one in pair):
        raise ClvError(f"{what} maps texts to texts, as in {{IST: Asia/Kolkata}}; put each in quotes")
    return value


def of_file(reader: MappingReader) -> dict[str, Any]:
    """Reads the keys `file` and `currency`; returns arguments of FileMapping."""
    file, currency = reader.part("file"), reader.part("currency", "code")
    skip = file.get("skip") or 0
    if skip != UNTIL_HEADER and (not isinstance(skip, int) or isinstance(skip, bool) or not 0 <= skip <= 1000):
        raise ClvError(
            f"{reader.place}: 'file.skip' is a number of lines, 1000 at most, or {UNTIL_HEADER}; not {skip!r}"
        )
    pattern = currency.get("in_name_of")
    if pattern and (currency.get("column") or currency.get("code")):
        raise ClvError(f"{reader.place}: 'currency' is a code, a column or in_name_of; name one of the three")
    column = reader.in_name(pattern) if pattern else reader.column(currency.get("column"), "currency.column")
    return {
        "currency": reader.text(currency.get("code"), "currency"),
        "currency_column": column,
        "rates": exchange_rates(currency.get("rates") or {}, reader.place),
        "minor_units": bool(currency.get("minor_units")),
        "encoding": known_encoding(file.get("encoding") or "utf-8", reader.place),
        "delimiter": reader.text(file.get("delimiter"), "file.delimiter") or ",",
        "header": texts(file.get("header"), f"{reader.place}: 'file.header'"),
        "skip": skip,
        "sheet": reader.text(file.get("sheet"), "file.sheet"),
        "explode": reader.text(file.get("explode"), "file.explode"),
        "decimal": file.get("decimal") or ".",
        "thousands": reader.text(file.get("thousands"), "file.thousands") or "",
        "missing": texts(file.get("missing"), f"{reader.place}: 'file.missing'"),
    }


def sign_of(reader: MappingReader) -> dict[str, Any]:
    """Reads the key `sign`: the column that says which amounts are negative; returns arguments of a mapping."""
    sign = reader.part("sign")
    column = reader.column(sign.get("column"), "sign.column")
    negative = texts(sign.get("negative"), f"{reader.place}: 'sign.negative'")
    if column and not negative:
        raise ClvError(f"{reader.place}: 'sign' names a column but no values; add negative: [refund]")
    if negative and not column:
        raise ClvError(f"{reader.place}: 'sign' names values but no column; add column: and its name")
    return {"sign_column": column, "sign_negative": negative}


def filters_of(reader: MappingReader) -> tuple[Filter, ...]:
    rules = listed(reader.get("filters"), f"{reader.place}: 'filters'")
    return tuple(filter_of(rule, reader.column, reader.place) for rule in rules)


def of_columns(reader: MappingReader) -> dict[str, Any]:
    """Returns what the reader collected about column names, as arguments of FileMapping. Call it after all keys are
    read."""
    return {
        "optional": frozenset(reader.optional),
        "alternatives": dict(reader.alternatives),
        "in_names": dict(reader.in_names),
        "fixed": dict(reader.fixed),
        "in_file_name": dict(reader.in_file_name),
    }
