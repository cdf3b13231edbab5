"""Destinations that are CSV files of the home: $CLV_HOME/exports/DESTINATION/LIST-DATE.csv, and LIST-DATE-2.csv for
those who are added to the list later."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rich.console import Console

from clv.core import owners_files, tabular
from clv.core.settings import Settings
from clv.decisions.exporting.ledger import Batch, Scope

FOLDER = "exports"
PARTIAL = ".partial"  # ends the name of a file whose writing was interrupted


def place(home: Settings, scope: Scope, batch: int) -> Path:
    """The path of a batch's file."""
    number = "" if batch == 1 else f"-{batch}"
    name = f"{quote(scope.list_name, safe='')}-{scope.as_of_date}{number}.csv"
    return home.home / FOLDER / scope.destination / name


def send(home: Settings, scope: Scope, batch: Batch, rows: Sequence[dict[str, Any]]) -> None:
    """Writes the file of a batch, or replaces it with the same content. Only its owner may read it."""
    path, text = place(home, scope, batch.number), io.StringIO()
    tabular.write(list(rows[0]), [list(row.values()) for row in rows], "csv", Console(file=text))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    owners_files.write(path, text.getvalue().encode())


def remove(home: Settings, values: Collection[str]) -> list[Path]:
    """Removes the rows that have one of these values in any column from all exported files, and what an interrupted
    export left. Returns the files that changed."""
    changed, wanted = (
        [],
        {*values, *(f"'{value}" for value in values)},
    )  # an apostrophe keeps a value from being a formula
    for path in sorted((home.home / FOLDER).glob("*/*")):
        if path.suffix == PARTIAL:
            path.unlink(missing_ok=True)  # writing a file has replaced it
        elif path.suffix == ".csv":
            with path.open(newline="", encoding="utf-8") as file:
                rows = list(csv.reader(file))
            kept = [row for row in rows if wanted.isdisjoint(row)]
            if len(kept) < len(rows):
                text = io.StringIO()
                csv.writer(text, lineterminator="\n").writerows(kept)
                owners_files.write(path, text.getvalue().encode())
                changed.append(path)
    return changed


def remove_older(home: Settings, before: datetime) -> int:
    """Removes the exported files that were written before a time; returns their number."""
    old = [path for path in (home.home / FOLDER).glob("*/*") if path.stat().st_mtime < before.timestamp()]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
