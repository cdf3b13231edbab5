"""What a source yields: the rows of one key together, and how far everything was read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from clv.core.errors import ClvError
from clv.sources.fetching import cursors


@dataclass(frozen=True)
class Unit:
    """The rows of one key, such as an order with its lines. They are delivered together, because a newer delivery
    replaces an older one. lines: each row as JSON."""

    key: str
    lines: tuple[str, ...]

    @property
    def digest(self) -> bytes:
        """Returns the digest of the rows, which does not depend on their order."""
        return hashlib.blake2b("\n".join(sorted(self.lines)).encode(), digest_size=16).digest()


@dataclass(frozen=True)
class Reached:
    """Everything up to this value of the cursor column was yielded. position: the value, as text."""

    position: str


@dataclass(frozen=True)
class Ahead:
    """A value of the cursor column in the future, such as a mistyped year. It is not reached, since the changes until
    then would never be read."""

    position: str


Found = Unit | Reached | Ahead


def position(value: str, today: date) -> Reached | Ahead:
    """Returns how far a value of the cursor column leads. today: where the rows come from."""
    return Ahead(value) if cursors.is_ahead(value, today) else Reached(value)


def unit(rows: Iterable[Mapping[Any, Any]], columns: Sequence[str]) -> Unit:
    """Returns the rows of one key as a unit. columns: those of the key. Raises ClvError if a row lacks one of them."""
    listed = list(rows)
    return Unit(key_of(listed[0], columns), tuple(as_json(row) for row in listed))


def key_of(row: Mapping[Any, Any], columns: Sequence[str]) -> str:
    """Returns the key of a row as text. Raises ClvError if the row lacks one of its columns."""
    values = [value_at(row, column) for column in columns]
    if missing := [column for column, value in zip(columns, values, strict=True) if value is None]:
        raise ClvError(f"a row has no '{missing[0]}', by which `key` identifies rows; correct `key`")
    return json.dumps([plain(value) for value in values])


def value_at(row: Any, path: str) -> Any:
    """Returns the value of a column, where a dot leads into an inner object; None if there is none."""
    if isinstance(row, Mapping) and path in row:
        return row[path]
    for part in path.split("."):
        if not isinstance(row, Mapping):
            return None
        row = row.get(part)
    return row


def cursor_at(row: Any, column: str) -> str | None:
    """Returns the value of the cursor column as text; None if the row has none."""
    value = value_at(row, column)
    return None if value is None else cursors.as_text(value)


def as_json(row: Mapping[Any, Any]) -> str:
    """Returns a row as a line of JSON."""
    return json.dumps(row, default=plain, ensure_ascii=False, separators=(",", ":"))


def plain(value: Any) -> Any:
    """Returns a value as JSON has it: exact numbers and times as text, bytes in hexadecimal digits."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, timedelta):
        return value.total_seconds()
    return bytes(value).hex() if isinstance(value, bytes | bytearray | memoryview) else str(value)
