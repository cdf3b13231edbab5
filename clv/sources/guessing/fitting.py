"""Finds the mappings that read a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.sources.connectors import files
from clv.sources.connectors.files import Received
from clv.sources.formats.columns import NoColumn, has_column
from clv.sources.guessing.sampled import plain, sample
from clv.sources.guessing.understood import Understood, understood
from clv.sources.kinds.mappings import known_sources, load_mapping
from clv.sources.loading.reading import database, errors_of, scratch_folder
from clv.sources.mapping.hints import DELIMITERS, file_line
from clv.sources.mapping.model import FileMapping
from clv.sources.mapping.parts import SEARCHED_LINES

MOST_LACKING, LEAST_PRESENT = 2, 5  # columns that a file lacks, and has, of a mapping that is named all the same


@dataclass(frozen=True)
class Guess:
    """What is known of a file.

    fits: as each mapping that reads it understands it, the one with the most columns first. By name of a mapping: near
    says why it does not read the file, whose columns it has; lacking, the few columns that the file lacks;
    written_otherwise, the line `file:` with which it reads the file; invalid, what is wrong with it.
    """

    fits: list[Understood]
    near: dict[str, str] = field(default_factory=dict)
    lacking: dict[str, list[str]] = field(default_factory=dict)
    written_otherwise: dict[str, str] = field(default_factory=dict)
    invalid: dict[str, str] = field(default_factory=dict)

    @property
    def best(self) -> list[Understood]:
        """The mappings that read the most columns: one, or several between which nothing decides."""
        return [one for one in self.fits if len(one.columns) == len(self.fits[0].columns)]


def guess(path: Path, home: Settings, source: str | None = None) -> Guess:
    """Reads a file through every mapping, or through one source's. Raises ClvError if the file cannot be read at all,
    or not through the mapping of `source`."""
    if path.is_dir():
        raise ClvError(f"{path} is a folder; name one of its files")
    files.find(path)
    with scratch_folder(home) as scratch, closing(_Trial(path, home, scratch)) as trial:
        plain(path, scratch)  # says what is wrong with the file itself
        if source:
            return Guess([trial.of(load_mapping(source, home))])
        mappings, invalid = _mappings(home)
        names = _names(path, scratch)
        fits, near = _tried(trial, mappings, names)
        found = Guess(fits, near, {} if fits else _lacking(mappings, names), {}, invalid)
        if fits or near or files.kind(path) != "text":
            return found
        return replace(found, written_otherwise=dict(_written_otherwise(trial, mappings)))


def _mappings(home: Settings) -> tuple[list[FileMapping], dict[str, str]]:
    """Returns the valid mappings, and what is wrong with the others."""
    found, invalid = [], {}
    for source in known_sources(home):
        try:
            found.append(load_mapping(source, home))
        except ClvError as error:
            invalid[source] = str(error)
    return found, invalid


def _names(path: Path, scratch: Path) -> list[str]:
    """Returns the names of the file's columns, in whatever way it is written; none if they cannot be found."""
    with suppress(ClvError):
        return list(sample(path, scratch).columns)
    return []


def _needed(mapping: FileMapping, names: list[str]) -> tuple[list[str], list[str]]:
    """Returns the columns that the mapping needs and the file has, and those that it lacks."""
    needed = [name for name in mapping.wanted if name not in mapping.optional | mapping.in_no_column]
    lacking = [name for name in needed if not has_column(mapping, name, names)]
    return [name for name in needed if name not in lacking], lacking


def _lacking(mappings: list[FileMapping], names: list[str]) -> dict[str, list[str]]:
    """Returns the few columns that the file lacks of a mapping of which it has most."""
    found = {mapping.source: _needed(mapping, names) for mapping in mappings}
    return {
        source: lacking
        for source, (present, lacking) in sorted(found.items(), key=lambda one: -len(one[1][0]))
        if 1 <= len(lacking) <= MOST_LACKING and len(present) >= LEAST_PRESENT
    }


def _tried(trial: _Trial, mappings: list[FileMapping], names: list[str]) -> tuple[list[Understood], dict[str, str]]:
    """Returns what the mappings understand that read the file, and why others do not, of which it has the columns.
    names: the file's columns."""
    fits, near = [], {}
    for mapping in mappings:
        try:
            found = trial.of(mapping)
        except (NoColumn, files.WrongEncoding):
            continue
        except ClvError as error:
            if not _needed(mapping, names)[1]:
                near[mapping.source] = str(error)
            continue
        if found.is_sensible:
            fits.append(found)
        else:
            why = next(iter(found.unreadable), "values are missing")
            near[mapping.source] = "; ".join([f"most of its rows cannot be read: {why}", *found.remedies[:1]])
    return sorted(fits, key=lambda one: (-len(one.columns), one.mapping.source)), near


def _written_otherwise(trial: _Trial, mappings: list[FileMapping]) -> Iterator[tuple[str, str]]:
    """Yields the mappings that read the file if it has another delimiter or encoding than they state."""
    encoding, delimiters = trial.written()
    for mapping in mappings:
        for delimiter in delimiters:
            changes = {"encoding": encoding, "delimiter": delimiter}
            changes = {key: value for key, value in changes.items() if value != getattr(mapping, key)}
            with suppress(ClvError):
                if changes and trial.of(replace(mapping, **changes)).is_sensible:
                    yield mapping.source, file_line(mapping, **changes)
                    break


class _Trial:
    """A file that is read through one mapping after the other."""

    def __init__(self, path: Path, home: Settings, scratch: Path) -> None:
        self._path, self._home, self._scratch = path, home, scratch
        self._prepared: dict[str, Received | ClvError] = {}
        self._left = ExitStack()
        self._duck = self._left.enter_context(database(scratch))

    def close(self) -> None:
        """Closes the database."""
        self._left.close()

    def of(self, mapping: FileMapping) -> Understood:
        """Reads the file through a mapping, as `understood` does."""
        file = self._in(mapping.encoding)
        if self._duck.execute("show tables").fetchall():  # most mappings fail before they make one
            self.close()
            self._duck = self._left.enter_context(database(self._scratch))
        with errors_of(file, mapping):
            return understood(self._duck, file, mapping, self._home)

    def written(self) -> tuple[str, list[str]]:
        """Returns the encoding that the file may have, and the delimiters among the characters of its first lines."""
        file, encoding = plain(self._path, self._scratch)
        first = b"".join(islice((line for lines in files.text_lines(file.path) for line in lines), SEARCHED_LINES))
        return encoding, [mark for mark in DELIMITERS if mark.encode() in first]

    def _in(self, encoding: str) -> Received:
        """Returns the file in an encoding, prepared once."""
        if encoding not in self._prepared:
            place = self._scratch / encoding
            place.mkdir()
            try:
                self._prepared[encoding] = files.prepare(self._path, self._path.name, encoding, place)
            except ClvError as error:
                self._prepared[encoding] = error
        file = self._prepared[encoding]
        if isinstance(file, ClvError):
            raise file
        return file
