"""What a file says if it is read through a mapping: its first rows, its totals, and what is rejected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb

from clv.core import masking
from clv.core.settings import Settings
from clv.core.sql_text import quoted
from clv.sources.connectors.files import Received
from clv.sources.formats import reading as formats
from clv.sources.formats.columns import matched
from clv.sources.kinds import registry
from clv.sources.kinds.columns import DIGESTED, IN_PII, TIMES, Column
from clv.sources.kinds.columns_sql import parsed_name
from clv.sources.kinds.declared import Kind
from clv.sources.loading import currencies
from clv.sources.mapping import hints, warnings, zones
from clv.sources.mapping.model import FileMapping
from clv.sources.mapping.numbers import SIGNS

ROWS_SHOWN = 5
REASONS_SHOWN = 3


@dataclass(frozen=True)
class Understood:
    """A file as a mapping reads it.

    columns: the file's name for each column that is read. unused: the file's other columns. names, rows: the first
    usable rows, in which the values of persons are masked. received, usable: numbers of rows. rejected: numbers of
    rows by the filter that rejects them. incomplete: numbers of rows by the first required column that they leave
    empty. unreadable: numbers of rows by reason, masked, the most frequent first. totals: what the usable rows come to,
    by name. remedies: lines for the mapping that may make rows readable. warnings: possible mistakes.
    """

    mapping: FileMapping
    columns: dict[str, str]
    unused: list[str]
    names: list[str]
    rows: list[tuple]
    received: int
    usable: int
    rejected: dict[str, int]
    incomplete: dict[str, int]
    unreadable: dict[str, int]
    totals: dict[str, str]
    remedies: list[str]
    warnings: list[str]

    @property
    def is_sensible(self) -> bool:
        """Whether at least half of the rows are usable, or rejected by a filter."""
        return 2 * (self.usable + sum(self.rejected.values())) >= self.received


def understood(duck: duckdb.DuckDBPyConnection, file: Received, mapping: FileMapping, home: Settings) -> Understood:
    """Reads a prepared file through a mapping, in an empty database.

    Raises NoColumn if the file lacks a column of the mapping, and ClvError if it cannot be read for another reason.
    """
    broken = formats.read(duck, file, mapping)
    present = [name for (name,) in duck.execute("select name from header order by place").fetchall()]
    columns = matched(file, mapping, present)
    codes = currencies.stated(duck, mapping)
    sign = "" if codes or home.shop.currency else _sign(duck, mapping, columns)
    currency = (codes or [home.shop.currency or SIGNS.get(sign, currencies.NO_CURRENCY).split()[0]])[0]
    kind = registry.of(mapping.kind, home)
    known = zones.with_known_zones(duck, mapping)
    duck.execute(kind.parsed_table(known, home.shop.time_zone, currency, bool(codes)))
    duck.execute(_judged(kind))
    unread = duck.execute("select _reason from judged where _reason is not null and _is_row").fetchall()
    reasons = Counter([*(one.reason for one in broken), *(reason for (reason,) in unread)])
    shown = [one for one in kind.columns if one.required or _has_values(duck, one)]
    names = ", ".join(quoted(parsed_name(one)) for one in shown)
    first = duck.execute(f"select {names} from judged where _is_usable order by _line limit {ROWS_SHOWN}").fetchall()  # noqa: S608 - our own SQL; names are quoted
    rejected = "select _rule, count(*) from judged where _rule is not null and _is_row group by 1 order by 1"
    return Understood(
        mapping=mapping,
        columns=columns,
        unused=[name for name in dict.fromkeys(present) if name and not _is_read(name, columns.values())],
        names=[one.name for one in shown],
        rows=[tuple(_shown(value, one) for value, one in zip(row, shown, strict=True)) for row in first],
        received=_count(duck, "_is_row") + len(broken),
        usable=_count(duck, "_is_row and _is_usable"),
        rejected=dict(duck.execute(rejected).fetchall()),
        incomplete=_incomplete(duck, kind),
        unreadable=_masked(reasons, mapping),
        totals=_totals(duck, kind, ", ".join(codes) or currency.replace(currencies.NO_CURRENCY, "")),
        remedies=[
            *hints.remedies(reasons, mapping),
            *([f"amounts bear {sign}: if it means {currency}, {_in_shop(home, currency)}"] if sign else []),
        ],
        warnings=_warnings(duck, kind, known, home),
    )


def _incomplete(duck: duckdb.DuckDBPyConnection, kind: Kind) -> dict[str, int]:
    """Returns how many readable rows leave a required column empty, by the first such column."""
    first = " ".join(
        f"when {quoted(parsed_name(one))} is null then '{one.name}'" for one in kind.columns if one.required
    )
    rows = f"select case {first} end as name from judged where _is_row and _reason is null and _rule is null"  # noqa: S608 - our own names
    counted = f"select name, count(*) from ({rows}) where name is not null group by 1 order by 1"  # noqa: S608 - our own SQL
    return dict(duck.execute(counted).fetchall())


def _warnings(duck: duckdb.DuckDBPyConnection, kind: Kind, mapping: FileMapping, home: Settings) -> list[str]:
    """Returns the warnings that loading the file would give."""
    duck.execute("create table unreadable as select _line from judged where _reason is not null and _is_row")
    duck.execute(kind.preparation(mapping))
    found = warnings.found(duck, mapping, home.shop.time_zone, None, kind.checks(mapping))
    return [*found, *kind.warnings(duck, mapping)]


def _in_shop(home: Settings, currency: str) -> str:
    return f'state it in {home.home / "shop.json"}, as in {{"currency": "{currency}"}}'


def _sign(duck: duckdb.DuckDBPyConnection, mapping: FileMapping, columns: Iterable[str]) -> str:
    """Returns the sign of a currency that stands beside the file's numbers; empty if there is none."""
    for name in filter(set(columns).__contains__, mapping.numbers):
        value = f"select {quoted(name)} from received where regexp_matches({quoted(name)}, '[^\\d.,()\\s-]') limit 1"  # noqa: S608 - our own SQL; names are quoted
        for (text,) in duck.execute(value).fetchall():
            return max((sign for sign in SIGNS if sign in text), key=len, default="")
    return ""


def _judged(kind: Kind) -> str:
    """Returns SQL for a view of `parsed` that says whether a row is one of the file, and whether it is usable."""
    needed = [f"{quoted(parsed_name(one))} is not null" for one in kind.columns if one.required]
    usable = " and ".join(["_reason is null", "_rule is null", *needed])
    return f"create view judged as select *, _kind = '' as _is_row, {usable} as _is_usable from parsed"  # noqa: S608 - our own SQL; names are quoted


def _count(duck: duckdb.DuckDBPyConnection, condition: str) -> int:
    return duck.execute(f"select count(*) from judged where {condition}").fetchall()[0][0]  # noqa: S608 - our own SQL


def _has_values(duck: duckdb.DuckDBPyConnection, column: Column) -> bool:
    return _count(duck, f"_is_usable and {quoted(parsed_name(column))} is not null") > 0


def _is_read(name: str, read: Iterable[str]) -> bool:
    """Whether a column of the file, or a value inside it, is read."""
    return any(one == name or one.startswith(f"{name}.") for one in read)


def _shown(value: Any, column: Column) -> Any:
    if isinstance(value, str) and column.type in ("customer", "other_customer", *IN_PII, *DIGESTED):
        return masking.masked(value)
    if isinstance(value, str):
        return value.replace("\x01", "…")  # stands for the customer in a made order id
    return _plain(value) if isinstance(value, Decimal) else value


def _plain(number: Decimal) -> str:
    """Writes a number with two decimals, or with more if it has them."""
    places = max(2, -int(number.normalize().as_tuple().exponent))
    return f"{number:,.{places}f}"


def _masked(reasons: Counter[str], mapping: FileMapping) -> dict[str, int]:
    found: Counter[str] = Counter()
    for reason, rows in reasons.items():
        found[masking.reason(reason, mapping.words)] += rows
    return dict(found.most_common(REASONS_SHOWN))


def _totals(duck: duckdb.DuckDBPyConnection, kind: Kind, currency: str) -> dict[str, str]:
    """Returns what the usable rows come to: numbers of customers and ids, the first and last time, sums of money."""
    values = {}
    for column in kind.columns:
        name = quoted(parsed_name(column))
        if column.type in ("customer", "id"):  # two customers may have orders of one id
            some = f"filter ({name} is not null)"
            values[f"{column.name.removesuffix('_id')}s"] = (
                f"case when count({name}) > 0 then count(distinct row({name}, customer_id)) {some} end::varchar"
            )
        elif column.type in TIMES:
            values[f"{column.name} from"] = f"min({name})::varchar"
            values[f"{column.name} to"] = f"max({name})::varchar"
        elif column.type == "money":
            values[column.name] = f"round(sum({name}), 2)"
    listed = ", ".join(values.values())
    row = duck.execute(f"select {listed} from judged where _is_usable").fetchall()[0]  # noqa: S608 - our own SQL; names are quoted
    return {
        name: f"{_plain(value)} {currency}".strip() if isinstance(value, Decimal) else value
        for name, value in zip(values, row, strict=True)
        if value is not None
    }
