"""Keeps the rows of parts in files without names, so that a process holds one part at a time. Processes that are forked
later read and write them too. The files vanish with the last of these processes, however it ends."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO

import pyarrow as pa

from clv.core.errors import ClvError


class Kept:
    """Rows by part; see `keeping`."""

    def __init__(self, files: list[IO[bytes]]) -> None:
        self._files = files

    def write(self, part: int, batches: list[pa.RecordBatch]) -> None:
        """Keeps the rows of a part. Raises ClvError if the disk is full."""
        if batches:
            try:
                with pa.OSFile(self._path(part), "wb") as file, pa.ipc.new_stream(file, batches[0].schema) as stream:
                    for batch in batches:
                        stream.write_batch(batch)
            except OSError as error:
                raise ClvError(
                    f"customers could not be kept in {tempfile.gettempdir()} ({error}); free space there, or set "
                    "TMPDIR to a larger folder, and try again"
                ) from None

    def read(self, part: int) -> list[pa.RecordBatch]:
        """Returns the rows of a part as they were kept, mapped into memory rather than copied."""
        if not os.fstat(self._files[part].fileno()).st_size:
            return []
        return list(pa.ipc.open_stream(pa.memory_map(self._path(part))))

    def _path(self, part: int) -> str:
        return f"/proc/self/fd/{self._files[part].fileno()}"


@contextmanager
def keeping(parts: int) -> Iterator[Kept]:
    """Yields files for the rows of so many parts."""
    with ExitStack() as stack:
        yield Kept([stack.enter_context(tempfile.TemporaryFile()) for _ in range(parts)])
