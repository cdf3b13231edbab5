"""The first rows of a file of which no mapping is known: its columns with their values as text, and how it is
written."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Sequence
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
from clv.sources.mapping.telling import is_address, is_number, is_row

ROWS = 1000
SEARCHED_ROWS = 30  # of a sheet, among which the header is searched


@dataclass(frozen=True)
class Sample:
    """The first rows of a file. columns: the values of each column that are not empty. file: keys and values of a
    mapping's `file`."""

    columns: dict[str, list[str]]
    file: dict[str, object]


def plain(path: Path, scratch: Path) -> tuple[Received, str]:
    """Returns the file as plain UTF-8, and the encoding that it has. Raises ClvError if it cannot be read."""
    encoding = _encoding(path) if files.kind(path) in ("text", "json") else "utf-8"
    place = scratch / f"plain-{encoding}"
    place.mkdir(exist_ok=True)
    try:
        return files.prepare(path, path.name, encoding, place), encoding
    except files.WrongEncoding:
        raise ClvError(f"{path.name} is no text in an encoding that is known; export it again as UTF-8") from None


def _encoding(path: Path) -> str:
    """Returns the encoding that the beginning of a text file may have."""
    try:
        with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as source:
            beginning = source.read(files.CHUNK)
    except (OSError, EOFError, zlib.error):  # `files.prepare` says what is wrong
        return "utf-8"
    if beginning.startswith(tuple(files.PACKED)):  # no text at all, as `files.prepare` says
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
    except (duckdb.Error, ValueError) as error:
        why = first_line(error).replace(str(file.path), file.name)
        if "sniffing" in why:
            why = "its lines end in more than one way, or have different columns, or a quote does not close"
        raise ClvError(f"{file.name} cannot be read ({why}); look at its first lines, or export it again") from None


def _of_query(duck: duckdb.DuckDBPyConnection, file: Received, stated: dict[str, object]) -> Sample:
    place = path_literal(file.path)
    if file.kind == "json":
        source = f"read_json_objects({place}, maximum_object_size = {files.LONGEST_LINE})"
        texts = duck.execute(f"select json::varchar from {source} limit {ROWS}").fetchall()  # noqa: S608 - the path is quoted
        objects = [one for (text,) in texts if isinstance(one := json.loads(text), dict)]
        return _of_objects(objects, file, stated)
    if file.kind == "parquet":
        return _of_objects(_rows(duck, f"read_parquet({place})"), file, stated)
    sniffing = f"select Delimiter, SkipRows, HasHeader from sniff_csv({place}, all_varchar = true)"  # noqa: S608 - the path is quoted
    delimiter, skip, has_header = duck.execute(sniffing).fetchall()[0]
    read = f"read_csv({place}, all_varchar = true, delim = '{delimiter}', skip = {skip}, header = "
    rows = _rows(duck, f"{read}{has_header})")
    if has_header and rows and is_row(list(rows[0])):
        has_header, rows = False, _rows(duck, f"{read}false)")
    stated = stated | ({"delimiter": delimiter} if delimiter != "," else {}) | ({"skip": skip} if skip else {})
    if not has_header:
        stated = stated | {"header": list(rows[0]) if rows else []}
    return Sample(_by_column(rows), stated)


def _rows(duck: duckdb.DuckDBPyConnection, source: str) -> list[dict[str, object]]:
    relation = duck.sql(f"select * from {source} limit {ROWS}")  # noqa: S608 - the path is quoted
    return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


def _of_objects(rows: list[dict[str, object]], file: Received, stated: dict[str, object]) -> Sample:
    flat = [_flattened(row) for row in rows]
    if file.kind == "json" and len(flat) == 1:
        _check_rows_outside_lists(flat[0], file)
    found = Sample(_by_column(flat), stated)
    if any(is_row(name.split(".")) or is_address([name]) for name in found.columns):
        raise ClvError(f"the names of columns in {file.name} seem to be values, as of persons; write rows with names")
    return found


def _check_rows_outside_lists(row: dict[str, object], file: Received) -> None:
    """Raises ClvError if a JSON file is one object that holds nothing but the list of its rows."""
    lists = [name for name, value in row.items() if isinstance(value, list)]
    if len(row) == len(lists) == 1:
        raise ClvError(
            f"the rows of {file.name} are in the list {lists[0]} of one object; take them out, as with "
            f"`jq .{lists[0]} {file.name} > rows.json`"
        )


def _of_cells(file: Received) -> Sample:
    try:
        with python_calamine.load_workbook(file.path) as book:
            rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (python_calamine.CalamineError, OSError) as error:
        raise ClvError(f"{file.name} is not a readable workbook ({first_line(error)}); save it again") from None
    header = _header([[str(cell).strip() for cell in row] for row in rows[:SEARCHED_ROWS]])
    if header is None:
        raise ClvError(f"{file.name} has no header that can be found; put the names of the columns into its first row")
    names: Sequence[object] = rows[header]
    filled = (row for row in rows[header + 1 :] if any(cell != "" for cell in row))
    flat: list[dict[str, object]] = [dict(zip(map(str, names), row, strict=False)) for row in islice(filled, ROWS)]
    return Sample(_by_column(flat), {"skip": header} if header else {})


def _header(rows: list[list[str]]) -> int | None:
    """Returns the place of the first row of a sheet that may be its header: it has nearly as many texts as any, and
    none that is a value. None if there is none."""
    texts = [sum(bool(cell) and not is_number([cell]) for cell in row) for row in rows]
    places = (place for place, row in enumerate(rows) if texts[place] >= max(1, max(texts) - 1) and not is_row(row))
    return next(places, None)


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
    texts = {name: [_text(one) for one in some if one is not None] for name, some in values.items()}
    return {name: [one for one in some if one] for name, some in texts.items()}


def _text(value: object) -> str:
    """Returns a value as the loader reads it."""
    return str(value).lower() if isinstance(value, bool) else str(value).strip()
