"""What a connector is: where batches come from, whether files, a database or a service.

A batch is a file, since a batch is loaded whole, known by the checksum of its content, and kept for `clv replay`. A
connector to something else writes the rows of a batch into a file first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class Loaded:
    """A batch that the ledger holds: its name, and the SHA-256 of its content."""

    name: str
    sha256: str


# What of a source is loaded, through its mapping as it is now, and not withdrawn; in the order in which batches count.
Cursor = Sequence[Loaded]


@dataclass(frozen=True)
class Batch:
    """A file to load.

    name: what the ledger calls it. A later batch of the same name replaces this one's rows as a corrected file does,
    and the next cursor shows the name, so that it may say how far the batch reaches. path: where the file lies until
    the next batch is asked for; both end as the format does (`.csv`, `.parquet` …).

    Raises ValueError where they do not: the ending of the name is all that `clv replay` has.
    """

    name: str
    path: Path

    def __post_init__(self) -> None:
        if Path(self.name).suffix.lower() != self.path.suffix.lower():
            raise ValueError(f"the batch {self.name!r} is a {self.path.suffix} file; its name ends so too")


@runtime_checkable
class Connector(Protocol):
    """Gives the batches of one source. `str(connector)` names the place in messages."""

    def read(self, cursor: Cursor) -> Iterator[Batch]:
        """Yields the batches after the cursor, in the order in which they shall count.

        One that is loaded already may be among them: the loader knows it by its checksum and loads it no second time.
        Raises ClvError, naming the place and the mend, where nothing can be read.
        """
        ...
