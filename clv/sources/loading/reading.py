"""Reads a file into a database of its own, before the transaction that writes its rows."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path

import duckdb

from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.sources.connectors import files
from clv.sources.connectors.files import Received
from clv.sources.connectors.protocol import Batch
from clv.sources.formats import reading as formats
from clv.sources.formats.received import Unreadable
from clv.sources.loading.landed import Digests, settled_state
from clv.sources.loading.ledger import BatchResult
from clv.sources.mapping import hints
from clv.sources.mapping.complaints import first_line
from clv.sources.mapping.model import FileMapping

MEMORY = "2GB"  # DuckDB's memory limit; larger data goes to scratch files
SCRATCH_SHARE = 0.25  # of the free disk space, for each of the two files that may be read at once


class Reading:
    """A file that is being read.

    known: the digest of a file in the landing folder that has not changed since it was read. holding: the batch as
    which that content is loaded. file, unreadable: the file, and its records that cannot be read, as far as it was
    read.
    """

    def __init__(self, batch: Batch, settings: Settings, digests: Digests | None = None) -> None:
        """digests: those of the landing folder, if the file lies in it."""
        self.batch, self._settings, self._digests = batch, settings, digests
        self._left, self._is_abandoned = ExitStack(), False
        self._state = digests and settled_state(batch.path)
        self.known = digests and digests.of(batch.path)
        self.holding: BatchResult | None = None
        self.file: Received | None = None
        self.unreadable: list[Unreadable] | None = None

    @cached_property
    def scratch(self) -> Path:
        """A folder for files of this load."""
        return self._left.enter_context(scratch_folder(self._settings))

    @cached_property
    def duck(self) -> duckdb.DuckDBPyConnection:
        """The database."""
        return self._left.enter_context(database(self.scratch))

    def prepare(self, mapping: FileMapping) -> Received:
        """Returns the file, ready to be read."""
        if self.file is None:
            self.file = prepared(self.batch.path, self.batch.name, mapping, self.scratch)
            if self._digests:
                self._digests.note(self.batch.path, self._state, self.file.sha256)
        return self.file

    def receive(self, file: Received, mapping: FileMapping) -> list[Unreadable]:
        """Reads a prepared file into the table `received`; returns the records that cannot be read."""
        if self.unreadable is None and not self._is_abandoned:
            with errors_of(file, mapping):
                self.unreadable = formats.read(self.duck, file, mapping)
        return self.unreadable or []

    def abandon(self) -> None:
        """Lets `receive` end soon in another thread."""
        self._is_abandoned = True
        if "duck" in self.__dict__:
            self.duck.interrupt()

    def close(self) -> None:
        """Removes all that was read."""
        self._left.close()


@contextmanager
def database(scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Opens an empty database for one file. scratch: a folder for what does not fit into its memory."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY,
        "temp_directory": str(scratch / "spill"),
        "max_temp_directory_size": f"{int(shutil.disk_usage(scratch).free * SCRATCH_SHARE)}B",
    }
    with duckdb.connect(config=config) as duck:
        duck.execute("set TimeZone = 'UTC'")
        yield duck


def prepared(path: Path, name: str, mapping: FileMapping, scratch: Path, bounded: bool = True) -> Received:
    """Returns the file, ready to be read through a mapping (`files.prepare`)."""
    try:
        return files.prepare(path, name, mapping.encoding, scratch, bounded)
    except files.WrongEncoding as error:
        line = hints.file_line(mapping, encoding=error.encoding)
        raise ClvError(f"{error}; say in the mapping {mapping.source}: {line}") from None


@contextmanager
def scratch_folder(settings: Settings) -> Iterator[Path]:
    """Creates a folder for the files of one load and removes it at the end."""
    scratches = settings.home / "tmp"  # upkeep removes folders that a killed load leaves here
    try:
        scratches.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ClvError(f"{scratches} cannot be made ({error.strerror}); set CLV_HOME to a folder of yours") from None
    with tempfile.TemporaryDirectory(prefix="ingest-", dir=scratches) as folder:
        yield Path(folder)


@contextmanager
def errors_of(file: Received, mapping: FileMapping) -> Iterator[None]:
    """Turns errors of a file's database into one line."""
    try:
        yield
    except duckdb.Error as error:
        raise ClvError(
            f"{file.name} cannot be loaded through the mapping {mapping.source} ({first_line(error)}); "
            "correct the file or the mapping"
        ) from None
