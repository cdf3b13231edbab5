"""Writes values and names into SQL text where bound parameters are not possible: COPY, DuckDB's readers, Great
Expectations' queries, and queries that run on Spark's workers. PostgreSQL and DuckDB read the results alike."""

from __future__ import annotations

import glob
from collections.abc import Mapping
from datetime import date
from pathlib import Path


def quoted(name: str) -> str:
    """The name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | int | date) -> str:
    """The value as an SQL literal."""
    if isinstance(value, date):
        return f"date '{value.isoformat()}'"
    if isinstance(value, int):
        return str(value)
    return "'" + value.replace("'", "''") + "'"


def path_literal(path: Path) -> str:
    """A file's path as an SQL literal for DuckDB's readers. Brackets and stars are escaped, because DuckDB reads them
    as patterns."""
    return literal(glob.escape(str(path)))


def equal(values: Mapping[str, str | int | date]) -> str:
    """An SQL condition: each named column equals its value."""
    return " and ".join(f"{name} = {literal(value)}" for name, value in values.items())
