"""Searches every row of every table and every file of a home for texts."""

from __future__ import annotations

import gzip
from pathlib import Path

from clv.warehouse import db


def in_tables(texts: list[str], but: tuple[str, ...] = ()) -> list[str]:
    """The tables with a row that contains one of the texts."""
    query = """
        select table_schema || '.' || table_name from information_schema.tables
        where table_type = 'BASE TABLE' and table_schema !~ '^(pg_|information_schema)' order by 1
    """
    found = []
    with db.connect() as connection:
        for (table,) in connection.execute(query).fetchall():
            looked = f"select count(*) from {table} as t where t::text ilike any(%s)"
            patterns = [f"%{text}%" for text in texts]
            if table not in but and connection.execute(looked, (patterns,)).fetchall() != [(0,)]:  # type: ignore[arg-type]
                found.append(table)
    return found


def in_files(texts: list[str], folder: Path) -> list[str]:
    """The files whose name or unpacked content contains one of the texts."""
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        content = gzip.decompress(content) if path.suffix == ".gz" else content
        searched = content.lower() + str(path.relative_to(folder)).lower().encode()
        if any(text.lower().encode() in searched for text in texts):
            found.append(str(path.relative_to(folder)))
    return found
