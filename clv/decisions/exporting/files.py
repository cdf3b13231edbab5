"""Destinations that are CSV files of the home: $CLV_HOME/exports/DESTINATION/LIST-DATE.csv, and LIST-DATE-2.csv for
those who are added to the list later."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote

from rich.console import Console

from clv.core import owners_files, tabular
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.decisions.exporting import columns
from clv.decisions.exporting.declaration import Column
from clv.decisions.exporting.ledger import Batch, Scope

FOLDER = "exports"
PARTIAL = ".partial"  # ends the name of a file whose writing was interrupted


def place(home: Settings, scope: Scope, batch: int) -> Path:
    """The path of a batch's file."""
    number = "" if batch == 1 else f"-{batch}"
    name = f"{quote(scope.list_name, safe='')}-{scope.as_of_date}{number}.csv"
    return home.home / FOLDER / scope.destination / name


def send(home: Settings, scope: Scope, batch: Batch, rows: Sequence[dict[str, Any]]) -> None:
    """Writes the file of a batch, or replaces it with the same content. Only its owner may read it. Raises ClvError if
    it cannot be written."""
    path, text = place(home, scope, batch.number), io.StringIO()
    tabular.write(list(rows[0]), [list(row.values()) for row in rows], "csv", Console(file=text))
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        owners_files.write(path, text.getvalue().encode())
    except OSError as error:
        raise ClvError(
            f"{path} cannot be written ({error.strerror}); make room or allow it, then repeat the command"
        ) from None


def remove(home: Settings, customer_ids: Collection[str], emails: Collection[str]) -> tuple[list[Path], list[Path]]:
    """Removes the rows of customers with one of these ids or addresses from all exported files, and what an interrupted
    export left. The times of files stay, since retention depends on them.

    Returns the files that changed, and those that could not be read as `send` writes them, or could not be written.
    """
    hashes = {columns.hashed(one) for one in (*customer_ids, *emails)}
    changed, unreached = [], []
    for path in _all(home):
        if path.suffix == PARTIAL:
            path.unlink(missing_ok=True)  # writing a file has replaced it
            continue
        try:
            names, *rows = _rows(path)
            kept = [row for row in rows if not _is_of(dict(zip(names, row, strict=True)), customer_ids, hashes)]
            if len(kept) < len(rows):
                text, stat = io.StringIO(), path.stat()
                csv.writer(text, lineterminator="\n").writerows([names, *kept])
                owners_files.write(path, text.getvalue().encode())
                os.utime(path, (stat.st_atime, stat.st_mtime))
                changed.append(path)
        except (OSError, ValueError, csv.Error):
            unreached.append(path)
    return changed, unreached


def _rows(path: Path) -> list[list[str]]:
    """The rows of a file, the names of its columns first. Raises ValueError or csv.Error if it was saved otherwise."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = [row for row in csv.reader(file, strict=True) if row]
    if not rows or not set(rows[0]) <= set(get_args(Column)) or any(len(row) != len(rows[0]) for row in rows):
        raise ValueError(path)
    return rows


def _is_of(row: dict[str, str], customer_ids: Collection[str], hashes: Collection[str]) -> bool:
    """Whether a row is of a customer with one of these ids, or with an address of one of these hashes."""
    ids, emails = (tabular.texts_of(row.get(name, "")) for name in ("customer_id", "email"))
    return (
        not ids.isdisjoint(customer_ids)
        or row.get("email_sha256") in hashes
        or any(email and columns.hashed(email) in hashes for email in emails)
    )


def remove_older(home: Settings, before: datetime) -> int:
    """Removes the exported files that were written before a time; returns their number."""
    old = [path for path in _all(home) if path.stat().st_mtime < before.timestamp()]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _all(home: Settings) -> list[Path]:
    """The exported files, also those in folders that somebody made, without hidden ones of the operating system."""
    return sorted(path for path in (home.home / FOLDER).rglob("*") if path.is_file() and path.name[0] != ".")
