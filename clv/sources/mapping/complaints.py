"""Puts values and errors into messages of one line."""

from __future__ import annotations

from clv.core.sql_text import literal, quoted

LONGEST_FIELD = 2000  # bytes of a value: the limit of a PostgreSQL index


def complaint(condition: str, column: str, says: str, text: str | None = None) -> str:
    """A case for a value that is present but invalid; `text` if it is not a column's own value."""
    shown = f"left({text or quoted(column)}, 100)"
    return f"when {condition} then {literal(column + ' ')} || chr(39) || {shown} || {literal(chr(39) + ' ' + says)}"


def printable(text: str) -> str:
    """A text of a file, made safe for one line of a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def first_line(error: Exception) -> str:
    """The first line of an error, cut to a readable length."""
    return printable(str(error).strip().splitlines()[0].strip().rstrip(".")[:300])
