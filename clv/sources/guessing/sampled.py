"""The first rows of a file of which no mapping is known: its columns with their values as text, and how it is
written."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import duckdb
import python_calamine

from clv.core.errors import ClvError
from clv.core.sql_text import path_literal
from clv.sources.connectors import files
from clv.sources.connectors.files import Received
from clv.sources.loading.reading import database
from clv.sources.mapping.complaints import first_line

ROWS = 1000


@dataclass(frozen=True)
class Sample:
    """The first rows of a file. columns: the values of each column that are not empty. rows: how many were read. file:
    keys and values of a mapping's `file`."""

    columns: dict[str, list[str]]
    rows: int
    file: dict[str, object]


def plain(path: Path, scratch: Path) -> tuple[Received, str]:
    """Returns the file as plain UTF-8, and the encoding that it has. Raises ClvError if it cannot be read."""
    encoding = _encoding(path) if files.kind(path) in ("text", "json") else "utf-8"
    place = scratch / f"plain-{encoding}"
    place.mkdir()
    return files.prepare(path, path.name, encoding, place), encoding


def _encoding(path: Path) -> str:
    """Returns the encoding that the beginning of a text file may have."""
    try:
        with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as source:
            beginning = source.read(files.CHUNK)
    except (OSError, EOFError, zlib.error):  # `files.prepare` says what is wrong
        return "utf-8"
    return "utf-16" if beginning.startswith(files.UTF16) else files.likely_encoding(beginning, "utf-8")


def sample(path: Path, scratch: Path) -> Sample:
    """Reads the first rows of a file. Raises ClvError if that is not possible."""
    file, encoding = plain(path, scratch)
    stated: dict[str, object] = {} if encoding == "utf-8" else {"encoding": encoding}
    if file.kind == "workbook":
        return _of_cells(file)
    try:
        with database(scratch) as duck:
            return _of_query(duck, file, stated)
    except duckdb.Error as error:
        raise ClvError(f"{file.name} cannot be read ({first_line(error)}); look at its first lines") from None


def _of_query(duck: duckdb.DuckDBPyConnection, file: Received, stated: dict[str, object]) -> Sample:
    place = path_literal(file.path)
    if file.kind == "parquet":
        source = f"read_parquet({place})"
    elif file.kind == "json":
        source = f"read_json({place}, sample_size = {ROWS}, maximum_object_size = {files.LONGEST_LINE})"
    else:
        sniffed = duck.execute(
            f"select Delimiter, SkipRows, HasHeader from sniff_csv({place}, all_varchar = true)"  # noqa: S608 - the path is quoted
        ).fetchall()
        delimiter, skip, has_header = sniffed[0]
        source = f"read_csv({place}, all_varchar = true, delim = '{delimiter}', skip = {skip}, header = {has_header})"
        stated = stated | ({"delimiter": delimiter} if delimiter != "," else {}) | ({"skip": skip} if skip else {})
    relation = duck.sql(f"select * from {source} limit {ROWS}")  # noqa: S608 - the path is quoted
    names, rows = relation.columns, relation.fetchall()
    if file.kind == "text" and not sniffed[0][2]:
        stated = stated | {"header": names}
    flat = [_flattened(dict(zip(names, row, strict=True))) for row in rows]
    return Sample(_by_column(flat), len(flat), stated)


def _of_cells(file: Received) -> Sample:
    try:
        with python_calamine.load_workbook(file.path) as book:
            rows = [row for row in book.get_sheet_by_index(0).to_python() if any(cell != "" for cell in row)]
    except python_calamine.CalamineError as error:
        raise ClvError(f"{file.name} is not a readable workbook ({first_line(error)}); save it again") from None
    names, *rest = rows or [[]]
    flat: list[dict[str, object]] = [dict(zip(map(str, names), row, strict=False)) for row in islice(rest, ROWS)]
    return Sample(_by_column(flat), len(flat), {})


def _flattened(row: dict[str, object], before: str = "") -> dict[str, object]:
    """Returns the values of a row, those of inner objects under names with a dot."""
    flat: dict[str, object] = {}
    for name, value in row.items():
        inner = _flattened(value, f"{before}{name}.") if isinstance(value, dict) else {f"{before}{name}": value}
        flat |= inner
    return flat


def _by_column(rows: list[dict[str, object]]) -> dict[str, list[str]]:
    names = dict.fromkeys(name for row in rows for name in row if name.strip())
    values = {name: [row.get(name) for row in rows] for name in names}
    return {
        name: [str(one).strip() for one in some if one is not None and str(one).strip()]
        for name, some in values.items()
    }
