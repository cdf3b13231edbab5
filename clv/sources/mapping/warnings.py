"""What looks wrong in a file that is loaded all the same: counted, with the first line and a mend."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import duckdb

from clv.core.sql_text import literal, quoted
from clv.sources.mapping.complaints import printable
from clv.sources.mapping.model import FileMapping
from clv.sources.mapping.times import time_in

EXCEL_ID = r"-?\d([.,]\d+)?[eE]\+\d{1,3}"  # 1.23457E+11: what Excel makes of a number of more than eleven digits

VERBS = {"are": "is", "have": "has"}  # of many rows, and of one


@dataclass(frozen=True)
class Check:
    """Rows that meet `condition`, SQL on the table `received`, and what is said of them after their number."""

    condition: str
    verb: str  # of VERBS
    says: str
    mend: str


def found(
    duck: duckdb.DuckDBPyConnection, mapping: FileMapping, zone: str, today: date | None, more: Iterable[Check] = ()
) -> list[str]:
    """A line for each kind of thing that looks wrong in the table `received`.

    zone: the reporting zone. today: the day in it; without one, no date is ahead of it. more: checks of the kind's own.
    """
    checks = [*_dates(mapping, zone, today), *_ids(mapping), *_cases(mapping), *more]
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
            lines.append(f"{rows} {check.says} (the first in line {line}); {check.mend}")
    return lines


def _dates(mapping: FileMapping, zone: str, today: date | None) -> list[Check]:
    column = mapping.time_column
    if today is None or not column:
        return []
    key = mapping.time_key
    mend = f"look whether the day and the month are told apart by the formats of {key} in the mapping {mapping.source}"
    ahead = f"({time_in(mapping, column, zone)})::date > date '{today.isoformat()}'"
    return [Check(ahead, "are", f"dated after today, {today}, in {column_name(column)}", mend)]


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
        said = "ids with characters that cannot be seen, which were taken out of them"
        checks.append(Check("_invisible", "have", said, "look where the shop's export gets them from"))
    return checks


def _cases(mapping: FileMapping) -> list[Check]:
    """Values that the mapping names, in a filter or in `sign`, that a row has in letters of another case."""
    checks = []
    for name, key, column, values in mapping.compared:
        exact, lowered = (", ".join(map(literal, some)) for some in (values, [text.lower() for text in values]))
        differs = f"lower({quoted(column)}) in ({lowered}) and {quoted(column)} not in ({exact})"
        text = f"a value in {column_name(column)} that differs by case alone from what {name} names"
        checks.append(Check(differs, "have", text, f"add it to {key} in the mapping {mapping.source} if it is meant"))
    return checks


def _repeated(duck: duckdb.DuckDBPyConnection, mapping: FileMapping) -> list[str]:
    """Columns of one name, by the table header(place, name) where the reader made one."""
    if not duck.execute("select 1 from duckdb_tables() where table_name = 'header'").fetchall():
        return []
    read = [one for name in mapping.wanted for one in mapping.alternatives.get(name, (name,))]
    query = "select name, count(*), min(place) from header group by name having count(*) > 1 order by min(place)"
    return [
        f"{count} columns are called {column_name(name)}; the first, number {place} of the file, is read; "
        "rename it where another is meant"
        for name, count, place in duck.execute(query).fetchall()
        if name in read
    ]


def column_name(column: str) -> str:
    return f"'{printable(column[:60])}'"
