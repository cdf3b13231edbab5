"""What looks wrong in a file that is loaded all the same: counted, with the first line and a mend."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb

from clv.core.sql_text import literal, quoted
from clv.sources.formats.received import printable
from clv.sources.mapping.language import FileMapping, Mapping, SpendMapping
from clv.sources.mapping.times import time_in
from clv.sources.mapping.values_sql import amount_is_there, meets

EXCEL_ID = r"-?\d([.,]\d+)?[eE]\+\d{1,3}"  # 1.23457E+11: what Excel makes of a number of more than eleven digits

VERBS = {"are": "is", "have": "has"}  # of many rows, and of one


@dataclass(frozen=True)
class _Check:
    """Rows that meet `condition`, SQL on the table `received`, and what is said of them after their number."""

    condition: str
    verb: str  # of VERBS
    says: str
    mend: str


def found(duck: duckdb.DuckDBPyConnection, mapping: FileMapping, zone: str, today: date | None) -> list[str]:
    """A line for each kind of thing that looks wrong in the table `received`.

    zone: the reporting zone. today: the day in it; without one, no date is ahead of it.
    """
    checks = [*_dates(mapping, zone, today), *_ids(mapping), *_cases(mapping), *_amounts(mapping)]
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


def _dates(mapping: FileMapping, zone: str, today: date | None) -> list[_Check]:
    column = mapping.day if isinstance(mapping, SpendMapping) else mapping.time if isinstance(mapping, Mapping) else ""
    if today is None:
        return []
    key = "day" if isinstance(mapping, SpendMapping) else "time"
    mend = f"look whether the day and the month are told apart by the formats of {key} in the mapping {mapping.source}"
    ahead = f"({time_in(mapping, column, zone)})::date > date '{today.isoformat()}'"
    return [_Check(ahead, "are", f"dated after today, {today}, in {_name(column)}", mend)]


def _ids(mapping: FileMapping) -> list[_Check]:
    checks = []
    for name in mapping.identities:
        checks.append(
            _Check(
                f"contains(lower({quoted(name)}), 'e+') and regexp_full_match({quoted(name)}, {literal(EXCEL_ID)})",
                "have",
                f"ids in Excel's short form, such as 1.23E+11, in {_name(name)}: different ids look the same",
                "export the file again and load it without opening it in Excel, or format the column as text there",
            )
        )
    if mapping.identities:
        said = "ids with characters that cannot be seen, which were taken out of them"
        checks.append(_Check("_invisible", "have", said, "look where the shop's export gets them from"))
    return checks


def _cases(mapping: FileMapping) -> list[_Check]:
    """Values that a filter, or `sign`, would meet if letters' case did not count."""
    if not isinstance(mapping, Mapping | SpendMapping):
        return []
    rules = [(f"the filter {rule.rule}", "equals", rule) for rule in mapping.filters]
    if isinstance(mapping, Mapping):
        rules += [("no_revenue", "equals", rule) for rule in mapping.no_revenue]
    named = [(name, key, rule.column, rule.value) for name, key, rule in rules if rule.condition == "equals"]
    if isinstance(mapping, Mapping) and mapping.sign_column:
        named.append(("sign", "negative", mapping.sign_column, mapping.sign_negative))
    checks = []
    for name, key, column, values in named:
        texts = [str(value) for value in values]  # type: ignore[union-attr]
        exact, lowered = (", ".join(map(literal, some)) for some in (texts, [text.lower() for text in texts]))
        differs = f"lower({quoted(column)}) in ({lowered}) and {quoted(column)} not in ({exact})"
        said = f"a value in {_name(column)} that differs by case alone from what {name} names"
        checks.append(_Check(differs, "have", said, f"add it to {key} in the mapping {mapping.source} if it is meant"))
    return checks


def _amounts(mapping: FileMapping) -> list[_Check]:
    if not isinstance(mapping, Mapping) or mapping.amount_once_per_order:
        return []
    column = mapping.amount or mapping.price or mapping.amount_sum[0]
    there = " and ".join(f"{quoted(name)} is not null" for name in dict.fromkeys([mapping.customer, *mapping.order]))
    line = f"amount: {{column: {column}, once_per_order: true}}"
    mend = f"where an order's total stands in its first row alone, say in the mapping {mapping.source}: {line}"
    if not mapping.amount:
        mend = f"name a filter in the mapping {mapping.source} if such rows are no sales"
    rejected = [f"not coalesce({meets(mapping, rule)}, false)" for rule in mapping.filters]
    lacks = " and ".join([there, f"not ({amount_is_there(mapping)})", *rejected])
    return [_Check(lacks, "have", f"no amount in {_name(column)}", mend)]


def _repeated(duck: duckdb.DuckDBPyConnection, mapping: FileMapping) -> list[str]:
    """Columns of one name, by the table header(place, name) where the reader made one."""
    if not duck.execute("select 1 from duckdb_tables() where table_name = 'header'").fetchall():
        return []
    read = [one for name in mapping.wanted for one in mapping.alternatives.get(name, (name,))]
    query = "select name, count(*), min(place) from header group by name having count(*) > 1 order by min(place)"
    return [
        f"{count} columns are called {_name(name)}; the first, number {place} of the file, is read; "
        "rename it where another is meant"
        for name, count, place in duck.execute(query).fetchall()
        if name in read
    ]


def _name(column: str) -> str:
    return f"'{printable(column[:60])}'"
