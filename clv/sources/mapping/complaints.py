"""What a message says of a value or an error, fit for one line."""

from __future__ import annotations

from clv.core.sql_text import literal, quoted

LONGEST_FIELD = 2000  # bytes of a value: what an index of PostgreSQL holds


def complaint(condition: str, column: str, says: str, text: str | None = None) -> str:
    """A case for a value that is there and is not what it should be; `text` where that is not the column's alone."""
    shown = f"left({text or quoted(column)}, 100)"
    return f"when {condition} then {literal(column + ' ')} || chr(39) || {shown} || {literal(chr(39) + ' ' + says)}"


def printable(text: str) -> str:
    """A text of a file's, fit for one line of a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def first_line(error: Exception) -> str:
    """An error's first line, of a length that can be read."""
    return printable(str(error).strip().splitlines()[0].strip().rstrip(".")[:300])
