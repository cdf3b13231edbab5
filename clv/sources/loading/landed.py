"""Remembers the digests of files in the landing folder, so that a file that did not change is not read again."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path

from clv.core import owners_files
from clv.core.settings import Settings

NAME = "landed.json"  # file in CLV_HOME: by path, the state of the file and its digest
SETTLED = 2_000_000_000  # nanoseconds; two changes within a shorter time may leave the same times

State = list[int]  # what the file system says of a file: size, times, and identity


class Digests:
    """The digests of the files of a home's landing folder."""

    def __init__(self, home: Settings) -> None:
        self._place = home.home / NAME
        self._known, self._new = _read(self._place), {}

    def of(self, path: Path) -> str | None:
        """Returns the digest of a file that did not change since it was noted; None for others."""
        state, digest = self._known.get(str(path), (None, None))
        return digest if state and state == settled_state(path) else None

    def note(self, path: Path, state: State | None, digest: str) -> None:
        """Notes the digest of a file. state: `settled_state` before the file was read."""
        if state:
            self._new[str(path)] = [state, digest]

    def keep(self) -> None:
        """Stores what was noted, and forgets files that are gone. If it cannot be stored, the files are read again."""
        if self._new:
            known = {**_read(self._place), **self._new}
            there = {path: found for path, found in known.items() if Path(path).exists()}
            with suppress(OSError):
                owners_files.write(self._place, json.dumps(there).encode())


def settled_state(path: Path) -> State | None:
    """Returns the state of a file; None if the file is gone, or changed so recently that a further change might not
    show in its times."""
    try:
        found = path.stat()
    except OSError:
        return None
    settled = time.time_ns() - max(found.st_mtime_ns, found.st_ctime_ns) > SETTLED
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev] if settled else None


def _read(place: Path) -> dict[str, list]:
    with suppress(OSError, ValueError):
        if isinstance(found := json.loads(place.read_text()), dict):
            return {path: one for path, one in found.items() if isinstance(one, list) and len(one) == 2}
    return {}
