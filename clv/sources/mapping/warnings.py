"""Finds possible mistakes in files that are loaded nevertheless. Each warning has a count, the first line and a
remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import duckdb

from clv.core.sql_text import literal, quoted
from clv.sources.mapping.complaints import printable
from clv.sources.mapping.model import FileMapping
from clv.sources.mapping.times import time_in
from clv.sources.mapping.values_sql import NO, YES, consent

EXCEL_ID = r"-?\d([.,]\d+)?[eE]\+\d{1,3}"  # 1.23457E+11: how Excel shows a number of more than eleven digits

VERBS = {"are": "is", "have": "has"}  # the plural and the singular, for the number of rows


@dataclass(frozen=True)
class Check:
    """A check of rows.

    condition: SQL on the table `received`, true for suspicious rows. verb, message: the text after the number of rows.
    remedy: what to do.
    """

    condition: str
    verb: str  # a key of VERBS
    message: str
    remedy: str


def found(
    duck: duckdb.DuckDBPyConnection, mapping: FileMapping, zone: str, today: date | None, more: Iterable[Check] = ()
) -> list[str]:
    """Returns a warning for each kind of possible mistake in the table `received`.

    zone: the reporting zone. today: the current day in it; without it, dates in the future give no warning. more:
    additional checks of the kind of source.
    """
    checks = [*_dates(mapping, zone, today), *_ids(mapping), *_cases(mapping), *_answers(mapping), *more]
    lines = _repeated(duck, mapping)
    if not checks:
        return lines
    counted = ", ".join(
        f"count(*) filter ({check.condition}), min(_line) filter ({check.condition})" for check in checks
    )
    (totals,) = duck.execute(f"select {counted} from received").fetchall()  # noqa: S608 - our own SQL; values are bound or quoted
    for check, count, line in zip(checks, totals[::2], totals[1::2], strict=True):
        if count:
            rows = f"1 row {VERBS[check.verb]}" if count == 1 else f"{count:,} rows {check.verb}"
            lines.append(f"{rows} {check.message} (the first in line {line}); {check.remedy}")
    return lines


def _dates(mapping: FileMapping, zone: str, today: date | None) -> list[Check]:
    column = mapping.time_column
    if today is None or not column:
        return []
    key = mapping.time_key
    remedy = f"check whether the formats of {key} in the mapping {mapping.source} swap the day and the month"
    ahead = f"({time_in(mapping, column, zone)})::date > date '{today.isoformat()}'"
    return [Check(ahead, "are", f"dated after today, {today}, in {column_name(column)}", remedy)]


def _ids(mapping: FileMapping) -> list[Check]:
    checks = []
    for name in mapping.identities:
        checks.append(
            Check(
                f"contains(lower({quoted(name)}), 'e+') and regexp_full_match({quoted(name)}, {literal(EXCEL_ID)})",
                "have",
                f"ids in Excel's short form, such as 1.23E+11, in {column_name(name)}: different ids look the same",
                "export the file again and load it without opening it in Excel, or format the column as text there",
            )
        )
    if mapping.identities:
        invisible = "ids with invisible characters, which were removed"
        checks.append(Check("_invisible", "have", invisible, "find out why the shop's export has them"))
    return checks


def _cases(mapping: FileMapping) -> list[Check]:
    """Returns checks for values that differ only in upper and lower case from one that the mapping names in a filter or
    in `sign`."""
    checks = []
    for name, key, column, values in mapping.compared:
        exact, lowered = (", ".join(map(literal, some)) for some in (values, [text.lower() for text in values]))
        differs = f"lower({quoted(column)}) in ({lowered}) and {quoted(column)} not in ({exact})"
        text = f"a value in {column_name(column)} that differs only in upper and lower case from one that {name} names"
        checks.append(
            Check(differs, "have", text, f"add it to {key} in the mapping {mapping.source} if it has the same meaning")
        )
    return checks


def _answers(mapping: FileMapping) -> list[Check]:
    """Returns checks for texts that are read as neither yes nor no."""
    return [
        Check(
            f"{quoted(name)} is not null and {consent(name)} is null",
            "have",
            f"a text in {column_name(name)} that says neither yes nor no, and counts as no answer",
            f"texts that do are {', '.join((*YES, *NO))}",
        )
        for name in mapping.answers
    ]


def _repeated(duck: duckdb.DuckDBPyConnection, mapping: FileMapping) -> list[str]:
    """Returns warnings about columns with the same name, read from the table header(place, name). Some readers do not
    create it."""
    if not duck.execute("select 1 from duckdb_tables() where table_name = 'header'").fetchall():
        return []
    read = [one for name in mapping.wanted for one in mapping.alternatives.get(name, (name,))]
    query = "select name, count(*), min(place) from header group by name having count(*) > 1 order by min(place)"
    return [
        f"{count} columns are called {column_name(name)}; the first, number {place} of the file, is read; "
        "rename it if another one is meant"
        for name, count, place in duck.execute(query).fetchall()
        if name in read
    ]


def column_name(column: str) -> str:
    return f"'{printable(column[:60])}'"
