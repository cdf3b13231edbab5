"""What all readers of files share: the table `received`, and the type of unreadable rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import duckdb

from clv.core import ids
from clv.core.sql_text import literal, quoted
from clv.sources.mapping.complaints import LONGEST_FIELD
from clv.sources.mapping.model import FileMapping

LONGEST_TEXT = 10_000  # characters of an unreadable row that are stored

INVISIBLE, BLANKS = (ids.pattern(ranges, of_re2=True) for ranges in (ids.INVISIBLE, ids.BLANKS))


@dataclass(frozen=True)
class Unreadable:
    """A row that cannot be loaded: its line as editors count it, the reason, and its original text."""

    line: int
    reason: str
    raw_text: str


def _is_ascii(text: str) -> str:
    return f"strlen({text}) = length({text})"


def _has_invisible(text: str) -> str:
    return f"not {_is_ascii(text)} and regexp_matches({text}, '{INVISIBLE}|{BLANKS}')"


def visible(text: str) -> str:
    """Returns `ids.visible` as an SQL expression."""
    shown = f"regexp_replace(regexp_replace({text}, '{INVISIBLE}', '', 'g'), '{BLANKS}', ' ', 'g')"
    return f"nullif(trim(nfc_normalize({shown})), '')"


def _trimmed(text: str) -> str:
    """Cuts a text that is too long, but not so far that it becomes valid. A blank text becomes null."""
    cut = f"case when strlen({text}) > {LONGEST_FIELD} then left({text}, {LONGEST_FIELD + 1}) else {text} end"
    return f"nullif(trim({cut}), '')"


def _unprotected(value: str) -> str:
    """Removes the formula by which Excel keeps a value as text: ="00123" is 00123."""
    inner = f"nullif(trim(substr({value}, 3, length({value}) - 3)), '')"
    return f"""case when starts_with({value}, '="') and ends_with({value}, '"') then {inner} else {value} end"""


def create(
    duck: duckdb.DuckDBPyConnection, values: dict[str, str], mapping: FileMapping, tail: str, before: int | None = None
) -> None:
    """Creates `received` from SQL: an expression for each column in the file, and the rest of the query. Columns that
    the file lacks are null.

    The rows have the column `_line`. With `before`, they are numbered instead in their order, after that many lines:
    by their place in a table, since numbering them in the query would keep DuckDB from reading with several threads.
    The place is the table's hidden column `rowid`, unless the mapping reads a column of this name, which hides it.

    _content: the MD5 of the row's columns, except the column `part`, as a number. _invisible: whether an id had
    invisible characters. They are removed, so that ids that look alike are equal. _customer: the original customer id,
    if the cleaned one differs.
    """
    columns = [quoted(name) for name in mapping.wanted]
    ids = [quoted(name) for name in mapping.identities if name in values]
    customer = quoted(mapping.customer) if mapping.customer in values else "null::varchar"
    hidden = " or ".join(f"coalesce({_has_invisible(name)}, false)" for name in ids) or "false"
    missing = ", ".join(literal(text) for text in mapping.missing)
    read = ", ".join(f"coalesce({quoted(name)}, chr(30))" for name in mapping.wanted if name != mapping.part)
    line = {} if before is not None else {"_line": "_line"}
    steps = [
        {**line, **{quoted(name): values.get(name, "null::varchar") for name in mapping.wanted}},
        {**_each(columns, _trimmed), "_invisible": hidden},
        {**_each(columns, _unprotected), "_customer": customer},
        _each(ids, lambda name: f"case when {_is_ascii(name)} then {name} else {visible(name)} end"),
        {
            **(_each(columns, lambda name: f"case when {name} not in ({missing}) then {name} end") if missing else {}),
            "_customer": f"case when _customer <> {customer} then _customer end",
        },
        {"_content": f"md5_number(concat_ws(chr(31), {read}))"},
    ]
    rows = _in_steps(steps, tail)
    if before is None:
        duck.execute(f"create table received as {rows}")
    else:
        duck.execute(f"create table records as {rows}")
        is_hidden = any(name.lower() == "rowid" for name in mapping.wanted)
        place = "row_number() over ()" if is_hidden else "rowid + 1"
        duck.execute(f"create view received as select {place} + {before} as _line, * from records")  # noqa: S608 - our own SQL; values are bound or quoted


def _each(names: list[str], expression: Callable[[str], str]) -> dict[str, str]:
    return {name: expression(name) for name in names}


def _in_steps(steps: list[dict[str, str]], tail: str) -> str:
    """Returns SQL that computes columns step by step, so that an expression reads the columns of the step before it and
    stands in the query once. steps: an SQL expression for each column that is new or changes; the first step has the
    columns to read. tail: SQL of the rows."""
    known: dict[str, str] = {}
    for step in steps:
        expressions = {**{name: name for name in known}, **step}
        known |= step
        listed = ", ".join(f"{sql} as {name}" for name, sql in expressions.items())
        tail = f"from (select {listed} {tail})"
    return tail


def plain(text: str) -> str:
    """Writes a number such as 1e-07 without an exponent."""
    plain = f"try_cast(try_cast({text} as double) as decimal(38, 10))::varchar"
    return f"case when contains({text}, 'e') then coalesce({plain}, {text}) else {text} end"


def styled(text: str, mapping: FileMapping) -> str:
    """Replaces the decimal point of a number by the mapping's decimal mark."""
    return f"replace({text}, '.', ',')" if mapping.decimal == "," else text
