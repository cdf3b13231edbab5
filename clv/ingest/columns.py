"""Which of a file's columns a mapping reads."""

from __future__ import annotations

from clv.errors import ClvError
from clv.ingest.files import Received
from clv.ingest.hints import absent_column
from clv.ingest.mapping import FileMapping
from clv.ingest.received import printable

LONGEST_NAME = 60  # characters of what a file calls its columns, in messages


def check_columns(file: Received, mapping: FileMapping, there: list[str]) -> None:
    """Raises ClvError where the file lacks a column that the mapping needs."""
    absent = [name for name in mapping.wanted if name not in there and name not in mapping.optional]
    if absent:
        has = ", ".join(printable(name[:LONGEST_NAME]) for name in there[:60])
        hint = absent_column(absent[0], there, mapping)
        raise ClvError(
            f"{file.name} has no column '{absent[0]}', which the mapping {mapping.source} reads; "
            f"{hint or 'correct one of the two'}: its columns are {has}"
        )
