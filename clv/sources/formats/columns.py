"""Finds the columns of a file that a mapping reads: by name, by the first of several names, or by a pattern."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import duckdb

from clv.core import masking
from clv.core.errors import ClvError
from clv.core.sql_text import literal
from clv.sources.connectors.files import Received
from clv.sources.mapping.complaints import printable
from clv.sources.mapping.hints import absent_column, file_line
from clv.sources.mapping.model import FileMapping
from clv.sources.mapping.parts import UNTIL_HEADER
from clv.sources.mapping.telling import is_row
from clv.sources.mapping.values import is_pattern

LONGEST_NAME = 60  # characters of a column's name that messages show


class NoColumn(ClvError):  # noqa: N818 - what is missing
    """A file lacks a column that its mapping reads."""


def candidates(mapping: FileMapping) -> list[str]:
    """Returns every name that a column of the mapping may have in a file, except patterns."""
    names = [one for name in mapping.wanted for one in mapping.alternatives.get(name, (name,))]
    return [name for name in dict.fromkeys(names) if not is_pattern(name) and name not in mapping.in_no_column]


def matched(file: Received, mapping: FileMapping, present: list[str]) -> dict[str, str]:
    """Returns the file's name for each column of the mapping that the file has.

    present: the names of all columns of the file. Raises ClvError if a required column is missing, or if two columns
    match one pattern.
    """
    found: dict[str, str] = {}
    for name in mapping.wanted:
        if name in mapping.fixed or name in mapping.in_file_name:
            continue
        names = _possible_names(mapping, name)
        actual = next(filter(None, (_only_match(file, mapping, one, present) for one in names)), None)
        if actual is not None:
            found[name] = actual
        elif name not in mapping.optional:
            _raise_missing(file, mapping, name, present)
    return found


def has_column(mapping: FileMapping, name: str, present: list[str]) -> bool:
    """Whether a column of the mapping is among a file's columns."""
    return any(_matching(one, present) for one in _possible_names(mapping, name))


def header_among(mapping: FileMapping, lines: list[list[str]]) -> int:
    """Returns the position of the header: the first line that has the most required columns."""
    needed = [name for name in mapping.wanted if name not in mapping.optional]
    named = [sum(has_column(mapping, name, present) for name in needed) for present in lines]
    return named.index(max(named, default=0)) if named else 0


def create_header(duck: duckdb.DuckDBPyConnection, present: list[str]) -> None:
    """Creates the table header(place, name) from a file's column names. Names may repeat, so `place` identifies a
    column."""
    duck.execute(
        "create table header as select unnest(range(1, len(?) + 1)) as place, unnest(?) as name", [present, present]
    )


def in_no_column(file: Received, mapping: FileMapping, found: dict[str, str]) -> dict[str, str]:
    """Returns SQL for each value that stands in no column: the mapping states it, or it is the text that the group of a
    pattern matches in a column's name or in the file's name.

    found: the file's name for each column. Raises ClvError if the file's name lacks a value.
    """
    values = dict(mapping.fixed)
    for name, pattern in mapping.in_names.items():
        if name in found and (match := re.fullmatch(pattern[1:-1], found[name])):
            values[name] = match[1] or ""
    for name, pattern in mapping.in_file_name.items():
        if not (match := re.search(pattern[1:-1], PurePosixPath(file.name).name)):
            raise ClvError(
                f"{file.name} does not match {pattern}, by which the mapping {mapping.source} reads {name}; rename the "
                "file or correct the mapping"
            )
        values[name] = match[1] or ""
    return {name: literal(value) for name, value in values.items()}


def _possible_names(mapping: FileMapping, name: str) -> tuple[str, ...]:
    """Returns the names that a column of the mapping may have in a file. For a currency within a column's name, this is
    the pattern of that name."""
    return (mapping.in_names[name],) if name in mapping.in_names else mapping.alternatives.get(name, (name,))


def _matching(name: str, present: list[str]) -> list[str]:
    """Returns the columns of the file with this name, or those that match it if it is a pattern; each once."""
    fits = re.compile(name[1:-1]).fullmatch if is_pattern(name) else name.__eq__
    return [one for one in dict.fromkeys(present) if fits(one)]


def _only_match(file: Received, mapping: FileMapping, name: str, present: list[str]) -> str | None:
    names = _matching(name, present)
    if len(names) > 1:
        both = " and ".join(f"'{printable(one[:LONGEST_NAME])}'" for one in names[:2])
        raise ClvError(
            f"{file.name} has the columns {both}, which both match {name} in the mapping {mapping.source}; "
            "name one of the two there"
        )
    return names[0] if names else None


def _raise_missing(file: Received, mapping: FileMapping, name: str, present: list[str]) -> None:
    has = ", ".join(printable(one[:LONGEST_NAME]) for one in present[:60])
    expected = " or ".join(_possible_names(mapping, name))
    missing = f"{file.name} has no column '{expected}', which the mapping {mapping.source} reads"
    if row := _as_a_row(present):
        raise NoColumn(
            f"{missing}; its first line looks like a row ({row}): if it has no header, name its {len(present)} columns "
            f"in the mapping {mapping.source}, as in "
            f"{file_line(mapping, header=['order', 'customer', 'time', 'amount'], skip=0)}; if the header stands "
            f"further down, say there: {file_line(mapping, skip=UNTIL_HEADER)}"
        )
    hint = absent_column(name, present, mapping, file.kind in ("text", "workbook")) or "correct one of the two"
    raise NoColumn(f"{missing}; {hint}: its columns are {has}")


def _as_a_row(present: list[str]) -> str | None:
    """Returns the masked header if it looks like a row of data, else None. A row may hold personal data, so it is
    masked."""
    masked = ", ".join(masking.masked(name) for name in present[:20])
    return printable(masked) if is_row(present) else None
