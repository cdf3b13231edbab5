"""The protocol of connectors. A connector yields batches from a place: files, a database or a service.

A batch is always a file, because a batch is loaded as a whole, identified by the checksum of its content, and stored
for `clv replay`. A connector to another place writes the rows of a batch to a file first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from clv.core.errors import ClvError


@dataclass(frozen=True)
class Loaded:
    """A batch in the ledger: its name, and the SHA-256 of its content."""

    name: str
    sha256: str


# The batches of a source that were loaded through the present version of its mapping and are not withdrawn, in the
# order in which they count.
Cursor = Sequence[Loaded]


@dataclass(frozen=True)
class Batch:
    """A file to load.

    name: its name in the ledger. A later batch of the same name replaces the rows of this one. The next cursor contains
    the name, so the name may state how far the batch reaches. path: the file, which must exist until the next batch is
    requested. Both have the ending of the format (`.csv`, `.parquet` …).

    Either may also end with `.gz`. Raises ClvError if the endings differ: `clv replay` knows the format from the name
    alone.
    """

    name: str
    path: Path

    def __post_init__(self) -> None:
        ending = _ending(self.path.name)
        if _ending(self.name) != ending:
            raise ClvError(f"the batch {self.name!r} is a {ending or 'plain'} file; end its name like the file's")


def _ending(name: str) -> str:
    """Returns the ending that states the format, in small letters and without `.gz`."""
    return Path(name.lower().removesuffix(".gz")).suffix


@runtime_checkable
class Connector(Protocol):
    """Yields the batches of one source. Messages name the place by `str(connector)`."""

    def read(self, cursor: Cursor) -> Iterator[Batch]:
        """Yields the batches after the cursor, in the order in which they count.

        Batches that are already loaded may be among them: the loader recognises them by their checksum and does not
        load them again. Raises ClvError, with the place and a remedy, if nothing can be read.
        """
        ...
