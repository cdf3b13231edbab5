"""Values and names as parts of SQL text, where parameters are not possible: COPY, DuckDB's readers, Great Expectations'
queries, and queries that run on Spark's workers. PostgreSQL and DuckDB read them alike."""

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
    """A file's path as an SQL literal for DuckDB's readers, with brackets and stars escaped, which would otherwise be
    patterns."""
    return literal(glob.escape(str(path)))


def equal(values: Mapping[str, str | int | date]) -> str:
    """The condition that each named column has its value."""
    return " and ".join(f"{name} = {literal(value)}" for name, value in values.items())
