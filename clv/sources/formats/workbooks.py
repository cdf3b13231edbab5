"""Reads workbooks (.xlsx) into DuckDB: the values of one sheet. Formulas have the results that were saved."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import zipfile
from collections.abc import Sequence
from decimal import Decimal

import duckdb
import pyarrow as pa
import python_calamine

from clv.core.errors import ClvError
from clv.core.sql_text import quoted
from clv.sources.connectors.files import UNPACKS_ALWAYS, UNPACKS_TO, Received
from clv.sources.formats.columns import create_header, header_among, in_no_column, matched
from clv.sources.formats.received import LONGEST_TEXT, Unreadable, create
from clv.sources.mapping.complaints import first_line
from clv.sources.mapping.model import FileMapping
from clv.sources.mapping.parts import SEARCHED_LINES, UNTIL_HEADER

Cells = Sequence[object]


def read_workbook(duck: duckdb.DuckDBPyConnection, file: Received, mapping: FileMapping) -> list[Unreadable]:
    """Creates `received` from the mapping's sheet, or from the first one. The line of a record is its row in the sheet.

    Raises ClvError if the file is not a workbook, unpacks to too much, or lacks the sheet or a column.
    """
    header, rows = _table(file, mapping)
    found = matched(file, mapping, header)
    create_header(duck, header)
    # Write a numeric cell in the mapping's number style, in which text cells are expected to be already.
    marks = {name: mapping.decimal if name in mapping.numbers else "." for name in found}
    columns = {
        f"cell{number}": pa.array([_text(cells[header.index(actual)], marks[name]) for _, cells in rows], pa.string())
        for number, (name, actual) in enumerate(found.items())
    }
    duck.register("sheet", pa.table({"_line": pa.array([line for line, _ in rows], pa.int64()), **columns}))
    values = {name: quoted(f"cell{number}") for number, name in enumerate(found)}
    create(duck, values | in_no_column(file, mapping, found), mapping, "from sheet")
    duck.unregister("sheet")
    return []


def row_texts(file: Received, mapping: FileMapping, lines: set[int]) -> dict[int, str]:
    """Returns the values of the rows on these lines, as JSON."""
    header, rows = _table(file, mapping)
    return {
        line: json.dumps(
            {name: _text(cell, ".") for name, cell in zip(header, cells, strict=True)}, ensure_ascii=False
        )[:LONGEST_TEXT]
        for line, cells in rows
        if line in lines
    }


def _table(file: Received, mapping: FileMapping) -> tuple[list[str], list[tuple[int, Cells]]]:
    """Returns the header of the sheet and its rows that are not blank: row number from 1, and as many cells as the
    header."""
    rows = [(line, cells) for line, cells in enumerate(_cells(file, mapping), 1) if any(cell != "" for cell in cells)]
    if mapping.skip != UNTIL_HEADER:
        rows = [(line, cells) for line, cells in rows if line > int(mapping.skip)]
    if mapping.header:
        return list(mapping.header), [(line, _padded(cells, len(mapping.header))) for line, cells in rows]
    if not rows:
        raise ClvError(f"{file.name} holds no row; send it again, or remove it")
    searched = [_names(cells) for _, cells in rows[: SEARCHED_LINES if mapping.skip == UNTIL_HEADER else 1]]
    place = header_among(mapping, searched)
    header = _names(rows[place][1])
    return header, [(line, _padded(cells, len(header))) for line, cells in rows[place + 1 :]]


def _names(cells: Cells) -> list[str]:
    return [(_text(cell, ".") or "").strip() for cell in cells]


def _padded(cells: Cells, width: int) -> Cells:
    return [*cells, *itertools.repeat("", width - len(cells))][:width]


def _cells(file: Received, mapping: FileMapping) -> Sequence[Cells]:
    try:
        with zipfile.ZipFile(file.path) as packed:
            unpacked = sum(part.file_size for part in packed.infolist())
        if unpacked > max(UNPACKS_ALWAYS, UNPACKS_TO * file.size):
            raise ClvError(
                f"{file.name} unpacks to more than {UNPACKS_TO} times its size, far more than files of orders; send "
                "it as CSV if this is intended"
            )
        with python_calamine.load_workbook(file.path) as book:
            if mapping.sheet and mapping.sheet not in book.sheet_names:
                raise ClvError(
                    f"{file.name} has no sheet '{mapping.sheet}', which the mapping {mapping.source} reads; "
                    f"its sheets are {', '.join(book.sheet_names)}"
                )
            sheet = book.get_sheet_by_name(mapping.sheet) if mapping.sheet else book.get_sheet_by_index(0)
            return sheet.to_python(skip_empty_area=False)
    except (zipfile.BadZipFile, python_calamine.CalamineError, IndexError, OSError) as error:
        raise ClvError(
            f"{file.name} is not a readable workbook ({first_line(error)}); save it again as .xlsx, without a password"
        ) from None


def _text(cell: object, mark: str) -> str | None:
    """Returns a cell's value as text: numbers with this decimal mark and without exponent, dates and times in ISO
    format."""
    if cell == "" or cell is None:
        return None
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, int | float):
        text = f"{Decimal(repr(cell)):f}"
        return text.removesuffix(".0").replace(".", mark)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(sep=" ")
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return str(cell)
