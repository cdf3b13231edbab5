"""Stores copies of files with rejected rows. `clv replay` reads them after the mistake is corrected."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import tempfile
from datetime import datetime
from pathlib import Path

import duckdb

from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.core.sql_text import literal, path_literal, quoted
from clv.sources.connectors import files
from clv.sources.connectors.files import Received
from clv.sources.formats.csv_files import records
from clv.sources.formats.json_files import by_lines
from clv.sources.mapping.model import FileMapping

FASTEST = 1
FOLDER = "received"


def keep(
    path: Path, file: Received, mapping: FileMapping, settings: Settings, scratch: Path, without: set[int]
) -> None:
    """Stores a packed copy of a received file, unless there is one.

    path: the original. without: lines of erased customers, which are empty in the copy; if they cannot be emptied, no
    copy is stored.
    """
    if find(file.sha256, file.name, settings):
        return
    if without:
        emptied = without_lines(path, file.name, mapping, without, scratch)
        if emptied:
            store(emptied[0], place(file.sha256, file.name, settings, emptied[1]))
    else:
        store(path, place(file.sha256, file.name, settings))


def store(path: Path, target: Path) -> None:
    """Writes a copy of a file and moves it to its path in one step. The copy is packed if its name ends with .gz."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (
        tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", suffix=".part", delete=False) as partial,
        path.open("rb") as original,
    ):
        if path.name.lower().endswith(".gz") or not target.name.lower().endswith(".gz"):
            shutil.copyfileobj(original, partial)
        else:
            with gzip.GzipFile(fileobj=partial, mode="wb", compresslevel=FASTEST, mtime=0) as packed:
                shutil.copyfileobj(original, packed)
    if target.exists():
        shutil.copymode(target, partial.name)
    Path(partial.name).replace(target)


def place(sha256: str, name: str, settings: Settings, emptied: str | None = None) -> Path:
    """Returns the path of a file's copy. The name contains the digest of the file and, if lines were emptied, that of
    the copy."""
    ending = Path(name.lower().removesuffix(".gz")).suffix
    digests = f"{sha256}.{emptied}" if emptied else sha256
    return settings.home / FOLDER / f"{digests}{ending}.gz"


def find(sha256: str, name: str, settings: Settings) -> tuple[Path, str] | None:
    """Returns the path of a file's copy and the digest of the copy's content; None if there is no copy."""
    whole = place(sha256, name, settings)
    if whole.exists():
        return whole, sha256
    emptied = sorted(whole.parent.glob(f"{sha256}.*")) if whole.parent.is_dir() else []
    return (emptied[0], emptied[0].name.split(".")[1]) if emptied else None


def without_lines(
    path: Path, name: str, mapping: FileMapping, lines: set[int], scratch: Path
) -> tuple[Path, str] | None:
    """Writes a plain copy of a file into `scratch` in which the records on these lines are empty; all others keep their
    lines.

    Returns the path of the copy and its SHA-256. Returns None if records are not lines, or if the encoding writes line
    ends with several bytes.
    """
    kind = files.kind(Path(name)) or "text"
    if kind == "workbook" or kind != "parquet" and "\n,".encode(mapping.encoding) != b"\n,":
        return None
    plain, emptied = scratch / "as_it_came", scratch / f"emptied{Path(name.lower().removesuffix('.gz')).suffix}"
    with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as original, plain.open("wb") as out:
        shutil.copyfileobj(original, out)
    if kind == "parquet":
        _empty_rows(plain, emptied, lines)
    else:
        if kind == "json" and not by_lines(plain, mapping):
            return None
        quotes = kind == "text" and mapping.delimiter != "whitespace"
        with plain.open("rb") as source, emptied.open("wb") as target:
            for _, size, first, _, _ in records(plain, mapping.delimiter if quotes else None):
                record = source.read(size)
                target.write(b"\n" * record.count(b"\n") if first in lines else record)
    plain.unlink()
    with emptied.open("rb") as file:
        return emptied, hashlib.file_digest(file, "sha256").hexdigest()


def _empty_rows(plain: Path, emptied: Path, lines: set[int]) -> None:
    read = f"read_parquet({path_literal(plain)})"
    try:
        with duckdb.connect() as duck:
            names = [quoted(name) for name, *_ in duck.execute(f"describe select * from {read}").fetchall()]  # noqa: S608 - our own SQL; values are bound or quoted
            duck.execute("create table gone as select unnest(?::bigint[]) as place", [sorted(lines)])
            values = ", ".join(f"case when gone.place is null then came.{name} end as {name}" for name in names)
            numbered = f"select *, row_number() over () as place__ from {read}"  # noqa: S608 - our own SQL; values are bound or quoted
            rows = f"select {values} from ({numbered}) as came left join gone on gone.place = place__ order by place__"  # noqa: S608 - our own SQL; values are bound or quoted
            duck.execute(f"copy ({rows}) to {literal(str(emptied))} (format parquet)")
    except duckdb.Error as error:
        raise ClvError(f"{plain} cannot be written without some of its rows ({error})") from None


def remove_copies(sha256: str, settings: Settings) -> None:
    """Deletes all copies of the file with this digest, with and without emptied lines."""
    for path in (settings.home / FOLDER).glob(f"{sha256}*"):
        path.unlink(missing_ok=True)


def remove(settings: Settings, before: datetime) -> int:
    """Deletes the copies that are older than a time; returns how many. Their rows cannot be replayed any more."""
    folder = settings.home / FOLDER
    old = [path for path in folder.iterdir() if path.stat().st_mtime < before.timestamp()] if folder.is_dir() else []
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
