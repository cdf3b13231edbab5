"""The landing files of a fetched source. A file appears complete, in one step, and its name says how far it reaches."""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from urllib.parse import quote, unquote

from clv.core import owners_files
from clv.core.errors import ClvError
from clv.sources.fetching import cursors, rows
from clv.sources.fetching.rows import Unit

NAME = re.compile(r"(\d{6,})(?:-(?:([^=]+)=)?(.+))?\.jsonl\.gz")
PARTIAL = ".partial"  # the file that is being written
LONGEST_POSITION = 200  # characters in the name of a file
SAMPLED = 1000  # rows of a file whose columns are compared with those of the next one
FASTEST = 1


class Landing:
    """The files of one source, and the one that is being written.

    column: the cursor column; None if there is none. reached: the value of the cursor column up to which everything was
    read; None if nothing was. files, written: the files and rows that were written since.
    """

    def __init__(self, folder: Path, key: Sequence[str], column: str | None, loaded: Iterable[str] = ()) -> None:
        """folder: the source's landing folder. key: the columns that identify what is delivered together. loaded: names
        of files that the warehouse has, because files that were loaded may be deleted."""
        self._folder, self._key, self.column = folder, key, column
        here = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
        names = sorted((number, name) for name in here | set(loaded) if (number := _number(name)))
        self._paths = [folder / name for _, name in names if name in here]
        self._next = names[-1][0] + 1 if names else 1
        positions = [position for _, name in names if (position := reach(name, column))]
        self.reached = positions[-1] if positions else None
        self.files = self.written = 0
        self._known: dict[bytes, bytes] = {}
        self._partial = folder / PARTIAL
        self._file: gzip.GzipFile | None = None
        self._keys: set[bytes] = set()
        self._columns: dict[str, set[str]] = {}

    def know(self, since: str | None) -> None:
        """Reads which rows were delivered by files that reach to a value or further; None: by all files."""
        for path in self._paths:
            position = reach(path.name, self.column)
            if since is None or position is None or cursors.reaches(position, since):
                for one in self._units(path):
                    self._known[_short(one.key)] = one.digest

    def is_known(self, one: Unit) -> bool:
        """Returns whether the latest delivery of this key has the same rows."""
        return self._known.get(_short(one.key)) == one.digest

    def has_key(self, one: Unit) -> bool:
        """Returns whether the file that is being written has rows of this key."""
        return _short(one.key) in self._keys

    @property
    def pending(self) -> int:
        """The rows of the file that is being written."""
        return self._rows if self._file else 0

    def add(self, one: Unit) -> None:
        """Writes the rows of a key to the file."""
        if self._file is None:
            self._file = gzip.GzipFile(owners_files.empty(self._partial), "wb", compresslevel=FASTEST, mtime=0)
            self._rows, self._keys = 0, set()
        for line in one.lines:
            self._file.write(f"{line}\n".encode())
            if self._rows < SAMPLED:
                _note_types(self._columns, line)
            self._rows += 1
        self._keys.add(_short(one.key))
        self._known[_short(one.key)] = one.digest

    def commit(self) -> None:
        """Moves the file to its name, once it is on disk. It then counts as fetched up to `reached`."""
        if self._file is None:
            return
        self._file.close()
        position = f"-{quote(self.column or '', safe='')}={quote(self.reached, safe='')}" if self.reached else ""
        if len(position) > LONGEST_POSITION:
            raise ClvError(
                f"the cursor column and its value have {len(position)} characters in the name of a file, more than "
                f"{LONGEST_POSITION}; name another cursor column"
            )
        target = self._folder / f"{self._next:06}{position}.jsonl.gz"
        on_disk(self._partial)
        self._partial.replace(target)
        on_disk(self._folder)
        self.files, self.written = self.files + 1, self.written + self._rows
        self._next, self._file = self._next + 1, None

    def close(self) -> None:
        """Removes a file that is not complete."""
        if self._file:
            self._file.close()
            self._file = None
            self._partial.unlink(missing_ok=True)

    def drift(self) -> list[str]:
        """Returns how the columns of the new files differ from those of the file before them."""
        if not self._paths or not self._columns:
            return []
        earlier: dict[str, set[str]] = {}
        for number, line in enumerate(_lines(self._paths[-1])):
            if number >= SAMPLED:
                break
            _note_types(earlier, line)
        return _differences(earlier, self._columns)

    def _units(self, path: Path) -> Iterator[Unit]:
        parsed = ((rows.key_of(json.loads(line), self._key), line) for line in _lines(path))
        for key, group in groupby(parsed, lambda one: one[0]):
            yield Unit(key, tuple(line for _, line in group))


def reach(name: str, column: str | None) -> str | None:
    """Returns how far a file reaches, by its name; None if the name does not say so, or says it of another column. Of a
    name without a column, it is taken to be this one."""
    found = NAME.fullmatch(name)
    if not found or not found[3] or (found[2] and unquote(found[2]) != column):
        return None
    return unquote(found[3])


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lets one process at a time fetch a source; others wait. folder: the source's landing folder."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
    except OSError as error:
        raise ClvError(f"{folder} cannot be written ({error.strerror}); make it a folder of yours") from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (folder / PARTIAL).unlink(missing_ok=True)  # of a fetch that was killed
        yield


def _number(name: str) -> int | None:
    found = NAME.fullmatch(name)
    return int(found[1]) if found else None


def _lines(path: Path) -> Iterator[str]:
    """Yields the rows of a landed file. Lines of erased customers are empty."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                if line.strip():
                    yield line.rstrip("\n")
    except (OSError, EOFError, UnicodeError) as error:
        raise ClvError(
            f"{path} cannot be read ({type(error).__name__}); remove it, and run `clv fetch {path.parent.name} --all`"
        ) from None


def _short(key: str) -> bytes:
    return rows.Unit("", (key,)).digest


def _note_types(columns: dict[str, set[str]], line: str) -> None:
    for name, value in json.loads(line).items():
        kinds = columns.setdefault(name, set())
        if value is not None:
            kinds.add("number" if type(value) in (int, float) else "text" if isinstance(value, str) else "other")


def _differences(earlier: dict[str, set[str]], now: dict[str, set[str]]) -> list[str]:
    return [
        *(f"the column '{name}' is new" for name in now if name not in earlier),
        *(f"the column '{name}' is gone" for name in earlier if name not in now),
        *(
            f"the column '{name}' was {' or '.join(sorted(earlier[name]))} and is {' or '.join(sorted(now[name]))}"
            for name in now
            if earlier.get(name) and now[name] and not earlier[name] & now[name]
        ),
    ]


def on_disk(path: Path) -> None:
    """Waits until a file or a folder's entries are on disk."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
