"""Values and names as parts of an SQL text, for where no parameter can stand: COPY, DuckDB's readers, Great
Expectations' queries, and what Spark hands to its workers. PostgreSQL and DuckDB read it alike."""

from __future__ import annotations

import glob
from collections.abc import Mapping
from datetime import date
from pathlib import Path


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | int | date) -> str:
    """A text, a whole number or a date as an SQL literal."""
    if isinstance(value, date):
        return f"date '{value.isoformat()}'"
    if isinstance(value, int):
        return str(value)
    return "'" + value.replace("'", "''") + "'"


def path_literal(path: Path) -> str:
    """A file's path as an SQL literal for DuckDB's readers, which else take brackets and stars for patterns."""
    return literal(glob.escape(str(path)))


def equal(values: Mapping[str, str | int | date]) -> str:
    """The condition that each column named has its value."""
    return " and ".join(f"{name} = {literal(value)}" for name, value in values.items())
