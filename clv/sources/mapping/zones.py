"""Resolves time zones as exports name them: places, offsets, abbreviations, and the names of Rails and Windows."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TypeVar

import duckdb

from clv.core.sql_text import quoted
from clv.core.zone_names import named_places
from clv.sources.mapping.model import FileMapping

M = TypeVar("M", bound=FileMapping)

OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+\-\u2212])(\d{1,2})(?::?([0-5]\d))?")
# The beginning of a name such as "(GMT-08:00) Pacific Time (US & Canada)".
LEADING_OFFSET = re.compile(r"\((?:UTC|GMT)(?:[+\-]\d\d:\d\d)?\)\s*")
# Minutes from UTC. The mapping must resolve ambiguous abbreviations such as IST. Those of North America and Europe are
# resolved here, because most programs that write them come from there.
ABBREVIATIONS = {
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 60, "BST": 60, "CET": 60, "CEST": 120, "MEZ": 60, "MESZ": 120,
    "EET": 120, "EEST": 180, "MSK": 180, "NST": -210, "NDT": -150, "AST": -240, "ADT": -180, "EST": -300, "EDT": -240,
    "CST": -360, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420, "AKST": -540, "AKDT": -480,
    "HST": -600, "JST": 540, "KST": 540, "SGT": 480, "HKT": 480, "AWST": 480, "ACST": 570, "ACDT": 630, "AEST": 600,
    "AEDT": 660, "NZST": 720, "NZDT": 780, "SAST": 120, "BRT": -180, "ART": -180,
}  # fmt: skip


def with_known_zones(duck: duckdb.DuckDBPyConnection, mapping: M) -> M:
    """Returns the mapping with a place, or an offset in minutes, for each zone in the file that is known."""
    if not mapping.zone_column:
        return mapping
    column = quoted(mapping.zone_column)
    texts = duck.execute(f"select distinct {column} from received where {column} is not null order by 1").fetchall()  # noqa: S608 - our own SQL; values are bound or quoted
    places = named_places([place for (place,) in duck.execute("select name from pg_timezone_names()").fetchall()])
    found = {text: mapping.zones.get(text) or resolved(text, places) for (text,) in texts}
    return replace(mapping, zones={text: place for text, place in found.items() if place is not None})


def resolved(text: str, places: dict[str, str]) -> str | None:
    """Returns the place of a zone's name, or its offset in minutes; None if the zone is unknown.

    places: by `named_places`.
    """
    name = LEADING_OFFSET.sub("", text).strip()
    if name.upper() in ABBREVIATIONS:
        return str(ABBREVIATIONS[name.upper()])
    if offset := OFFSET.fullmatch(name):
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        return str(minutes if offset[1] == "+" else -minutes) if minutes < 15 * 60 else None
    return places.get(name.lower())
