"""Fetches a declared source into its landing folder."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from clv.core.errors import ClvError, Unavailable
from clv.core.settings import Settings
from clv.sources.fetching import cursors, database, declaration, dlt_source, http, keys, remote_files, rows
from clv.sources.fetching.declaration import Database, Dlt, Files, Http
from clv.sources.fetching.landing import Landing, locked
from clv.sources.fetching.secrets import Secrets
from clv.sources.kinds.mappings import load_mapping
from clv.sources.loading import ledger
from clv.sources.mapping.model import FileMapping


@dataclass(frozen=True)
class Fetched:
    """What a fetch wrote. files, rows: how many; rows is None where whole files were copied. reached: up to which value
    of the cursor column everything was read. notes: changes of columns, and what was not read."""

    source: str
    files: int
    rows: int | None = None
    reached: str | None = None
    notes: list[str] = field(default_factory=list)


def fetch_each(
    sources: Iterable[str], home: Settings, report: Callable[[Fetched], None], again: bool = False
) -> list[Fetched]:
    """Fetches sources that have a mapping, one after the other; returns what was fetched. report: gets it, one by one.

    A source that fails does not keep the others from being fetched. Raises its error then, or Unavailable if every
    failed source may answer later.
    """
    fetched, failed = [], {}
    for source in sources:
        try:
            declaration.load(source, home)  # its mistakes are named before those of the mapping
            mapping = load_mapping(source, home)
            fetched.append(fetch(source, home, partial(_loaded_files, mapping, home), again, mapping))
            report(fetched[-1])
        except ClvError as error:
            failed[source] = error
    if failed:
        kind = Unavailable if all(isinstance(error, Unavailable) for error in failed.values()) else ClvError
        raise kind("; ".join(f"{source}: {error}" for source, error in failed.items()))
    return fetched


def _loaded_files(mapping: FileMapping, home: Settings) -> list[str]:
    """Returns the names of the source's files that the warehouse has, read through the present mapping."""
    return [one.name for one in ledger.cursor(mapping, home)]


def fetch(
    source: str,
    home: Settings,
    loaded: Callable[[], Iterable[str]] = tuple,
    again: bool = False,
    mapping: FileMapping | None = None,
) -> Fetched:
    """Writes what is new in a source into files of its landing folder. If it is interrupted, the next fetch continues.

    loaded: gives the names of files that the warehouse has. again: whether to read everything, not only what follows
    the value that was reached. mapping: what `key` has to fit. Raises ClvError, or Unavailable if the source may answer
    later; files before the error stay.
    """
    declared = declaration.load(source, home)
    secrets, beside = Secrets(home), home.home / declaration.FOLDER
    folder = home.landing / source
    with locked(folder):
        if isinstance(declared, Files):
            copied, notes = remote_files.copy(declared, folder, secrets)
            return Fetched(source, copied, notes=notes)
        landing = Landing(folder, declared.key, declared.cursor and declared.cursor.column, loaded())
        if again:
            landing.reached = None
        since = _since(declared, landing)
        landing.know(since if landing.reached else None)
        found = _found(declared, since, secrets, beside)
        with closing(landing), closing(found), closing(keys.whole_orders(found, declared.key, mapping)) as checked:
            ahead = _write(checked, landing, declared.rows_per_file)
        notes = [*keys.notes(declared.key, mapping), *_notes(declared, landing, ahead, secrets)]
        return Fetched(source, landing.files, landing.written, landing.reached, notes)


def messages(fetched: Fetched) -> list[str]:
    """Returns one line with what was fetched, and one for each note."""
    if not fetched.files:
        return [f"{fetched.source}: nothing new", *(f"  note: {note}" for note in fetched.notes)]
    files = f"{fetched.files:,} file{'s' * (fetched.files > 1)}"
    files += "" if fetched.rows is None else f" with {fetched.rows:,} row{'s' * (fetched.rows > 1)}"
    reached = f", up to {fetched.reached}" if fetched.reached else ""
    return [f"{fetched.source}: {files}{reached}", *(f"  note: {note}" for note in fetched.notes)]


def _since(declared: Database | Http | Dlt, landing: Landing) -> str | None:
    """Returns the value of the cursor column from which rows are read; None if all are."""
    if not (cursor := declared.cursor):
        return None
    return cursors.moved(landing.reached, -cursor.overlap) if landing.reached else cursor.start


def _notes(declared: Database | Http | Dlt, landing: Landing, ahead: set[str], secrets: Secrets) -> list[str]:
    notes = [f"{note} since the file before" for note in landing.drift()]
    if ahead:
        notes.append(
            f"{len(ahead):,} value{'s' * (len(ahead) > 1)} of the cursor column in the future, such as {min(ahead)}; "
            "the rows are read by each fetch until the shop corrects them"
        )
    if isinstance(declared, Database) and (missing := database.unread(declared, secrets)):
        notes.append(f"{missing:,} rows without a key or a value of the cursor column are never read")
    return notes


def _found(declared: Database | Http | Dlt, since: str | None, secrets: Secrets, beside: Path) -> Generator[rows.Found]:
    match declared:
        case Database():
            return database.read(declared, since, secrets)
        case Http():
            return http.read(declared, since, secrets)
        case Dlt():
            return dlt_source.read(declared, since, secrets, beside)


def _write(found: Iterator[rows.Found], landing: Landing, rows_per_file: int) -> set[str]:
    """Writes units that are new or changed; returns the values of the cursor column that lie in the future.

    A file never has two versions of a key, since it is loaded as one delivery.

    A file may be completed at any place: its name says how far everything was read, which may be less than what it
    has.
    """
    reached, ahead = landing.reached, set()
    for one in found:
        if isinstance(one, rows.Ahead):
            ahead.add(one.position)
        elif isinstance(one, rows.Reached):
            reached = cursors.latest(reached, one.position)
            if landing.pending >= rows_per_file:
                _complete(landing, reached)
        elif not landing.is_known(one):
            if landing.pending >= rows_per_file or landing.has_key(one):
                _complete(landing, reached)
            landing.add(one)
    _complete(landing, reached)
    return ahead


def _complete(landing: Landing, reached: str | None) -> None:
    if landing.pending:
        landing.reached = reached
        landing.commit()
