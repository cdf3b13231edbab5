"""Finds the columns of a file that a mapping names: by name, by the first of several names, or by a pattern."""

from __future__ import annotations

import re

import duckdb

from clv.core import masking
from clv.core.errors import ClvError
from clv.core.sql_text import literal
from clv.sources.connectors.files import Received
from clv.sources.mapping.complaints import printable
from clv.sources.mapping.hints import absent_column
from clv.sources.mapping.model import FileMapping
from clv.sources.mapping.values import is_pattern

LONGEST_NAME = 60  # characters of column names in messages


def candidates(mapping: FileMapping) -> list[str]:
    """Every possible name of a mapping's column, except patterns."""
    names = [one for name in mapping.wanted for one in mapping.alternatives.get(name, (name,))]
    return [name for name in dict.fromkeys(names) if not is_pattern(name) and name not in mapping.in_names]


def matched(file: Received, mapping: FileMapping, there: list[str]) -> dict[str, str]:
    """The file's name for each of the mapping's columns that it has. there: all columns of the file.

    Raises ClvError if it lacks a required column, or if two columns match one pattern.
    """
    found: dict[str, str] = {}
    for name in mapping.wanted:
        names = _called(mapping, name)
        actual = next(filter(None, (_actual(file, mapping, one, there) for one in names)), None)
        if actual is not None:
            found[name] = actual
        elif name not in mapping.optional:
            _lacks(file, mapping, name, there)
    return found


def header_among(mapping: FileMapping, lines: list[list[str]]) -> int:
    """The position of the first line with the most required columns."""
    needed = [_called(mapping, name) for name in mapping.wanted if name not in mapping.optional]
    named = [sum(any(_names(one, there) for one in names) for names in needed) for there in lines]
    return named.index(max(named, default=0)) if named else 0


def note_header(duck: duckdb.DuckDBPyConnection, there: list[str]) -> None:
    """Creates the table header(place, name) of a file's columns, since several may have one name."""
    duck.execute(
        "create table header as select unnest(range(1, len(?) + 1)) as place, unnest(?) as name", [there, there]
    )


def in_names(mapping: FileMapping, found: dict[str, str]) -> dict[str, str]:
    """SQL for a value in column names: the group of the pattern that matches the name."""
    values = {}
    for name, pattern in mapping.in_names.items():
        if name in found and (match := re.fullmatch(pattern[1:-1], found[name])):
            values[name] = literal(match[1] or "")
    return values


def _called(mapping: FileMapping, name: str) -> tuple[str, ...]:
    """The possible names of a mapping's column in a file; for a currency in a column name, the pattern of that name."""
    return (mapping.in_names[name],) if name in mapping.in_names else mapping.alternatives.get(name, (name,))


def _names(name: str, there: list[str]) -> list[str]:
    """The columns with one of these names, or matching one of these patterns; each once."""
    fits = re.compile(name[1:-1]).fullmatch if is_pattern(name) else name.__eq__
    return [one for one in dict.fromkeys(there) if fits(one)]


def _actual(file: Received, mapping: FileMapping, name: str, there: list[str]) -> str | None:
    names = _names(name, there)
    if len(names) > 1:
        both = " and ".join(f"'{printable(one[:LONGEST_NAME])}'" for one in names[:2])
        raise ClvError(
            f"{file.name} has the columns {both}, which both match {name} in the mapping {mapping.source}; "
            "name one of the two there"
        )
    return names[0] if names else None


def _lacks(file: Received, mapping: FileMapping, name: str, there: list[str]) -> None:
    has = ", ".join(printable(one[:LONGEST_NAME]) for one in there[:60])
    asked = " or ".join(_called(mapping, name))
    if row := _as_a_row(there):
        raise ClvError(
            f"{file.name} has no column '{asked}', which the mapping {mapping.source} reads; its first line looks like "
            f"a row ({row}): if it has no header, name its {len(there)} columns in the mapping {mapping.source}, as in "
            "file: {header: [order, customer, time, amount]}; if the header stands further down, say there: "
            "file: {skip: until_header}"
        )
    hint = absent_column(name, there, mapping) or "correct one of the two"
    raise ClvError(
        f"{file.name} has no column '{asked}', which the mapping {mapping.source} reads; {hint}: its columns are {has}"
    )


def _as_a_row(there: list[str]) -> str | None:
    """The masked text of a header that contains values of a row, such as numbers, dates or addresses, which may be
    personal."""
    value = re.compile(r"\S+@\S+\.\S+|[-\d.,:/ T+€$£]*\d[-\d.,:/ T+€$£]*")
    masked = ", ".join(masking.masked(name) for name in there[:20])
    return printable(masked) if any(value.fullmatch(name) for name in there) else None
