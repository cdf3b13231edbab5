"""Reads the files of a delivery in turn: the next one in a thread, while the one before it is loaded."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import islice

from clv.sources.connectors.protocol import Batch
from clv.sources.loading.reading import Reading


def in_turn(
    batches: Iterable[Batch], begun: Callable[[Batch], Reading], read: Callable[[Reading], None], ahead: bool
) -> Generator[Reading]:
    """Yields the files in their order, each once it is read, and closes each before the next one.

    begun: returns a file that nothing was read of. read: reads it. What it raises is raised when it is the file's turn,
    so that the files before it are loaded. ahead: whether the next file may be read while the one before it is loaded.
    """
    open_files: deque[tuple[Reading, Future | None]] = deque()
    remaining = iter(batches)

    def begin(in_thread: bool) -> bool:
        for batch in islice(remaining, 1):
            reading = begun(batch)
            open_files.append((reading, thread.submit(read, reading) if in_thread else None))
        return bool(open_files)

    with ThreadPoolExecutor(1) as thread:
        try:
            while open_files or begin(in_thread=False):
                reading, being_read = open_files[0]
                being_read.result() if being_read else read(reading)
                if ahead:
                    begin(in_thread=True)
                yield reading
                open_files.popleft()
                reading.close()
        finally:
            for reading, being_read in open_files:
                reading.abandon()
                wait([being_read] if being_read else [])
                reading.close()
