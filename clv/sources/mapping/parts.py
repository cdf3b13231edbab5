"""The parts of a mapping with keys of their own: amount, time, currency, file format."""

from __future__ import annotations

from typing import Any

from clv.core import zone_names
from clv.core.errors import ClvError
from clv.sources.mapping.values import (
    Filter,
    Said,
    exchange_rates,
    filter_of,
    known_encoding,
    listed,
    texts,
    time_formats,
)

UNTIL_HEADER = "until_header"  # instead of a number of lines to skip
SEARCHED_LINES = 200  # of a file, for its header


def time_of(said: Said, key: str = "time") -> dict[str, Any]:
    """The keys `time` and `time_zone` as arguments of a mapping."""
    place, time = said.place, said.part(key)
    zones = keys_and_texts(time.get("zones") or {}, f"{place}: '{key}.zones'")
    for zone in zones.values():
        zone_names.checked(zone, place)
    if zones and not time.get("zone"):
        raise ClvError(f"{place}: '{key}.zones' says what a column's zones are; add zone: and the column's name")
    return {
        "time": said.column(time.get("column"), f"{key}.column") or "",
        "time_of_day": said.column(time.get("time_of_day"), f"{key}.time_of_day"),
        "zone_column": said.column(time.get("zone"), f"{key}.zone"),
        "zones": zones,
        "time_formats": time_formats(time.get("formats"), place, key),
        "time_zone": zone_names.checked(said.get("time_zone"), place),
    }


def keys_and_texts(value: object, what: str) -> dict[str, str]:
    """A mapping of texts to texts. Raises ClvError with the name of its key."""
    if not isinstance(value, dict) or not all(isinstance(one, str) for pair in value.items() for one in pair):
        raise ClvError(f"{what} gives each text another, as in {{IST: Asia/Kolkata}}; put each in quotes")
    return value


def of_file(said: Said) -> dict[str, Any]:
    """The keys `file` and `currency` as arguments of FileMapping."""
    file, currency = said.part("file"), said.part("currency", "code")
    skip = file.get("skip") or 0
    if skip != UNTIL_HEADER and (not isinstance(skip, int) or isinstance(skip, bool) or not 0 <= skip <= 1000):
        raise ClvError(f"{said.place}: 'file.skip' is a number of lines, 1000 at most, or {UNTIL_HEADER}; not {skip!r}")
    pattern = currency.get("in_name_of")
    if pattern and (currency.get("column") or currency.get("code")):
        raise ClvError(f"{said.place}: 'currency' is a code, a column or in_name_of; name one of the three")
    return {
        "currency": said.text(currency.get("code"), "currency"),
        "currency_column": said.in_name(pattern) if pattern else said.column(currency.get("column"), "currency.column"),
        "rates": exchange_rates(currency.get("rates") or {}, said.place),
        "minor_units": bool(currency.get("minor_units")),
        "encoding": known_encoding(file.get("encoding") or "utf-8", said.place),
        "delimiter": said.text(file.get("delimiter"), "file.delimiter") or ",",
        "header": texts(file.get("header"), f"{said.place}: 'file.header'"),
        "skip": skip,
        "sheet": said.text(file.get("sheet"), "file.sheet"),
        "explode": said.text(file.get("explode"), "file.explode"),
        "decimal": file.get("decimal") or ".",
        "thousands": said.text(file.get("thousands"), "file.thousands") or "",
        "missing": texts(file.get("missing"), f"{said.place}: 'file.missing'"),
    }


def filters_of(said: Said) -> tuple[Filter, ...]:
    rules = listed(said.get("filters"), f"{said.place}: 'filters'")
    return tuple(filter_of(rule, said.column, said.place) for rule in rules)


def of_columns(said: Said) -> dict[str, Any]:
    """What was read about column names in all keys, as arguments of FileMapping; must be called last."""
    return {
        "optional": frozenset(said.optional),
        "alternatives": dict(said.alternatives),
        "in_names": dict(said.in_names),
    }
