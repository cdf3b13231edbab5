"""Removes a person's rows from the home's files: kept copies, files in landing, exported lists, predictions of
backtests; and writes report pages again."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from datetime import date
from pathlib import Path

import psycopg
import pyarrow.compute as pc
import pyarrow.parquet as pq

from clv.catalog import tables
from clv.core import ids, owners_files
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.decisions.exporting import files as exported
from clv.decisions.exporting import ledger
from clv.privacy.persons import Person
from clv.reporting import report
from clv.sources.connectors import files
from clv.sources.kinds.mappings import load_mapping
from clv.sources.loading import copies
from clv.sources.loading.reading import scratch_folder
from clv.sources.mapping.model import FileMapping
from clv.warehouse import publication

PENDING = "erasure.pending"
ROWS_REMOVED, REMOVED = "rows removed", "removed: its rows could not be removed"
STAYS = "not reached: its rows could not be removed; remove it"
UNREAD = (
    "not reached: it was saved in another form than the export's (CSV, commas, UTF-8), or cannot be written; look for "
    "the person in it, or remove it"
)
NOT_FOUND = (
    "not reached: the person went into it, but no row has their id or address; look for the person in it, or remove it"
)
READ_ONLY = "not reached: it cannot be written here; remove the rows where it comes from, or remove the file"


def remove_lines(
    connection: psycopg.Connection, home: Settings, person: Person, lines: dict[int, set[int]]
) -> dict[str, str]:
    """Removes these lines of batches, and the person's backtested predictions, from the home's files. Returns what
    happened to each file, by path.

    Removing lines changes the digest of a file in landing. The batches of the file get the new digest, so that the file
    is not loaded again.
    """
    changed: dict[str, str] = {}
    query = f"select source, content_sha256, min(file_name), array_agg(batch_id) from {tables.BATCHES} group by 1, 2"  # noqa: S608 - our own names
    batches = connection.execute(query).fetchall()
    landed = _files_in_landing(home, {source for source, *_, batch_ids in batches if lines.keys() & set(batch_ids)})
    if _apply_pending_changes(connection, home, landed):
        batches = connection.execute(query).fetchall()
    touched = [row for row in batches if lines.keys() & set(row[3])]
    for source, sha256, name, batch_ids in touched:
        wanted = set().union(*(lines.get(batch_id, ()) for batch_id in batch_ids))
        copy = copies.find(sha256, name, home)
        here = landed.get((source, sha256), [])
        if not copy and not here:
            continue
        mapping = _mapping(source, home)
        emptied: str | None = None
        for path in here:
            with scratch_folder(home) as scratch:
                made = copies.without_lines(path, path.name, mapping, wanted, scratch) if mapping else None
                changed[str(path)] = ROWS_REMOVED if made else STAYS
                if made:
                    try:
                        _record_change(home, source, sha256, made[1])
                        copies.store(made[0], path)
                        emptied = made[1]
                    except OSError:
                        changed[str(path)] = READ_ONLY
        if emptied:
            _replace_digest(connection, source, sha256, emptied)
        if copy:
            with scratch_folder(home) as scratch:
                made = copies.without_lines(copy[0], name, mapping, wanted, scratch) if mapping else None
                now = emptied or sha256
                target = copies.place(now, name, home, made[1] if made and made[1] != now else None) if made else None
                if made and target:
                    stat = copy[0].stat()
                    copies.store(made[0], target)
                    os.utime(target, (stat.st_atime, stat.st_mtime))  # retention depends on the file's time
                if target != copy[0]:
                    copy[0].unlink(missing_ok=True)
            changed[str(target or copy[0])] = ROWS_REMOVED if made else REMOVED
    return {**changed, **_backtests(home, person)}


def forget_changes(connection: psycopg.Connection, home: Settings) -> None:
    """Deletes the record of file changes, once the batches in the database have the new digests."""
    known = set(connection.execute(f"select distinct source, content_sha256 from {tables.BATCHES}").fetchall())  # noqa: S608 - our own names
    missed = [change for change in _pending_changes(home) if change[:2] in known]
    if missed:
        owners_files.write(home.secrets / PENDING, json.dumps(missed).encode())
    else:
        (home.secrets / PENDING).unlink(missing_ok=True)


def _record_change(home: Settings, source: str, old: str, new: str) -> None:
    """Records that a file in landing is about to change. Batches get its new digest only at the end of the transaction,
    so without this record an interruption would lose the link between file and batches."""
    pending = _pending_changes(home)
    if new != old and (source, old, new) not in pending:
        owners_files.write(home.secrets / PENDING, json.dumps([*pending, (source, old, new)]).encode())


def _pending_changes(home: Settings) -> list[tuple[str, str, str]]:
    path = home.secrets / PENDING
    return [tuple(change) for change in json.loads(path.read_text())] if path.exists() else []  # type: ignore[misc]


def _apply_pending_changes(
    connection: psycopg.Connection, home: Settings, landed: dict[tuple[str, str], list[Path]]
) -> bool:
    """Gives batches the new digests of files that an interrupted erasure changed. Returns whether there were any."""
    missed = [
        (source, old, new)
        for source, old, new in _pending_changes(home)
        if (source, new) in landed and (source, old) not in landed
    ]
    for change in missed:
        _replace_digest(connection, *change)
    return bool(missed)


def _replace_digest(connection: psycopg.Connection, source: str, old: str, new: str) -> None:
    """Gives batches the new digest of their file, unless the changed file is already loaded as a batch of its own."""
    connection.execute(
        f"""
        update {tables.BATCHES} set content_sha256 = %(new)s
        where source = %(source)s and content_sha256 = %(old)s and not exists (
            select from {tables.BATCHES} where source = %(source)s and content_sha256 = %(new)s
        )
        """,  # noqa: S608 - our own names
        {"source": source, "old": old, "new": new},
    )


def _files_in_landing(home: Settings, sources: set[str]) -> dict[tuple[str, str], list[Path]]:
    """The paths of the files in landing, by source and by the digest of the content."""
    found: dict[tuple[str, str], list[Path]] = {}
    for source in sources:
        folder = home.landing / source
        for path in files.inside(folder) if folder.is_dir() else []:
            try:
                with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as file:
                    digest = hashlib.sha256()
                    while chunk := file.read(files.CHUNK):
                        digest.update(chunk)
            except (OSError, EOFError):  # such a file was never loaded
                continue
            found.setdefault((source, digest.hexdigest()), []).append(path)
    return found


def _mapping(source: str, home: Settings) -> FileMapping | None:
    try:
        return load_mapping(source, home)
    except ClvError:
        return None


def remove_pages(home: Settings, keys: set[str] | None = None) -> list[date]:
    """Removes the report pages that show any of these customers (default: all pages). Returns their dates."""
    removed = []
    for path in sorted(home.reports.glob("????-??-??/index.html")):
        page = path.read_text()
        if keys is None or any(key in page for key in keys):
            path.unlink()
            removed.append(date.fromisoformat(path.parent.name))
    return removed


def make_pages(home: Settings, dates: list[date]) -> None:
    """Writes the report pages of these dates again, from the present publications."""
    for day in dates:
        if publication.current(day):
            report.write(day, home)
    if dates:
        report.write_index(home)


def remove_exports(connection: psycopg.Connection, home: Settings, found: list[Person]) -> dict[str, str]:
    """Removes persons from the files of exported lists, which identify customers by id, address or its hash. Returns
    what happened to each file, by path; also to those that the ledger says they went into."""
    customer_ids = {form for person in found for form in (*ids.forms(person.customer_id), *person.other_ids)}
    changed, unread = exported.remove(home, customer_ids, {person.email for person in found if person.email})
    went = {exported.place(home, *batch) for batch in ledger.batches_of(connection, [person.key for person in found])}
    return {
        **{str(path): NOT_FOUND for path in sorted(went) if path.exists()},
        **dict.fromkeys(map(str, unread), UNREAD),
        **dict.fromkeys(map(str, changed), ROWS_REMOVED),
    }


def _backtests(home: Settings, person: Person) -> dict[str, str]:
    """Removes the person from the predictions of backtests, which identify customers by the shop's ids."""
    changed = {}
    for path in home.reports.rglob("predictions.parquet") if home.reports.is_dir() else []:
        table = pq.read_table(path)
        if "customer_id" not in table.column_names:
            continue
        theirs = pc.equal(pc.cast(table["customer_id"], "string"), person.customer_id)  # type: ignore[attr-defined]
        if pc.any(theirs).as_py():  # type: ignore[attr-defined]
            partial = path.with_name(f".{path.name}.partial")
            pq.write_table(table.filter(pc.invert(theirs)), partial)  # type: ignore[attr-defined]
            partial.replace(path)
            changed[str(path)] = ROWS_REMOVED
    return changed
