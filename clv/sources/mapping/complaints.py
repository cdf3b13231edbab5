"""Formats values and errors for messages of one line."""

from __future__ import annotations

from clv.core.sql_text import literal, quoted

LONGEST_FIELD = 2000  # bytes; PostgreSQL cannot index longer values


def complaint(condition: str, column: str, problem: str, text: str | None = None) -> str:
    """Returns a branch of an SQL CASE that gives a reason: column, value, and what is wrong.

    condition: when the value is invalid. problem: SQL for what is wrong. text: SQL for the value, if it is not the
    column alone.
    """
    shown = f"left({text or quoted(column)}, 100)"
    return f"when {condition} then {literal(column + ' ')} || chr(39) || {shown} || chr(39) || ' ' || {problem}"


def printable(text: str) -> str:
    """Replaces the unprintable characters of a text, so that it fits one line of a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def first_line(error: Exception) -> str:
    """Returns the first line of an error, cut to a readable length; the name of its type if it has no text."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return printable(lines[0].strip().rstrip(".")[:300])
