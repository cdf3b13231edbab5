"""What all readers of files share: the table `received`, and the type of unreadable rows."""

from __future__ import annotations

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


def _unprotected(value: str) -> str:
    """Removes the formula by which Excel keeps a value as text: ="00123" is 00123."""
    inner = f"nullif(trim(substr({value}, 3, length({value}) - 3)), '')"
    return f"""case when starts_with({value}, '="') and ends_with({value}, '"') then {inner} else {value} end"""


def create(duck: duckdb.DuckDBPyConnection, line: str, values: dict[str, str], mapping: FileMapping, tail: str) -> None:
    """Creates `received` from one SQL expression for the line and one for each column in the file. Columns that the
    file lacks are null.

    _content: the MD5 of the row's columns, except the column `part`, as a number. _invisible: whether an id had
    invisible characters. They are removed, so that ids that look alike are equal. _customer: the original customer id,
    if the cleaned one differs.
    """
    invisible, customer = [], "null::varchar"
    missing = ", ".join(literal(text) for text in mapping.missing)
    items = []
    for name in mapping.wanted:
        value = "null::varchar"
        if name in values:  # cut a text that is too long, but not so far that it becomes valid
            text = values[name]
            cut = f"case when strlen({text}) > {LONGEST_FIELD} then left({text}, {LONGEST_FIELD + 1}) else {text} end"
            value = f"nullif(trim({cut}), '')"
            if name in mapping.identities:
                invisible.append(f"coalesce({_has_invisible(text)}, false)")
                original, bare = value, _unprotected(value)
                value = f"case when {_is_ascii(text)} then {bare} else {visible(bare)} end"
                if name == mapping.customer:
                    customer = f"case when {original} <> {value} then {original} end"
            else:
                value = _unprotected(value)
        if name in values and missing:
            value = f"case when {value} not in ({missing}) then {value} end"
        items.append(f"{value} as {quoted(name)}")
    items.append(f"{' or '.join(invisible) or 'false'} as _invisible")
    items.append(f"{customer} as _customer")
    rows = f"select {line} as _line, {', '.join(items)} {tail}"
    read = ", ".join(f"coalesce({quoted(name)}, chr(30))" for name in mapping.wanted if name != mapping.part)
    duck.execute(f"create table received as select *, md5_number(concat_ws(chr(31), {read})) as _content from ({rows})")  # noqa: S608 - our own SQL; values are bound or quoted


def plain(text: str) -> str:
    """Writes a number such as 1e-07 without an exponent."""
    plain = f"try_cast(try_cast({text} as double) as decimal(38, 10))::varchar"
    return f"case when contains({text}, 'e') then coalesce({plain}, {text}) else {text} end"


def styled(text: str, mapping: FileMapping) -> str:
    """Replaces the decimal point of a number by the mapping's decimal mark."""
    return f"replace({text}, '.', ',')" if mapping.decimal == "," else text
