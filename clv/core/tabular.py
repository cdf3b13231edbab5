"""Shows rows: as a table that fits the terminal, as records below each other, as CSV, or as JSON."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import IO

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

FORMATS = ("table", "expanded", "csv", "json")
ROWS_SHOWN = 200
RECORDS_SHOWN = 20  # of a table that is too wide for the terminal, and is shown as records
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet reads a text that begins with one of these as a formula
DECIMALS = 4  # decimals of a number in a table; CSV and JSON give all
SHORT = 36  # characters of a text in a table that would be too wide; a customer key has as many


def write(names: Sequence[str], rows: Iterable[Sequence], style: str = "table", out: Console | None = None) -> None:
    """Writes the rows of a query in one of FORMATS. A table or records show the first rows; CSV and JSON give all.

    If a table is wider than the terminal, its texts are shortened. If it is still too wide, the rows are written as
    records. Output that does not go to a terminal is not shortened.
    """
    if style == "csv":
        return _csv(names, rows, out.file if out else sys.stdout)
    if style == "json":
        return _json(names, rows, out.file if out else sys.stdout)
    out = out or Console(highlight=False)
    shown = list(islice(rows, ROWS_SHOWN + 1))
    more, shown = len(shown) > ROWS_SHOWN, shown[:ROWS_SHOWN]
    if style == "expanded":
        _records(out, names, shown)
        return _count(out, len(shown), more)
    table, remark = make(names, shown), ""
    if out.is_terminal and _width(out, table) > out.width:
        table, remark = make(names, shown, longest=SHORT), "texts are shortened; -x shows them whole"
        if _width(out, table) > out.width:
            more, shown = more or len(shown) > RECORDS_SHOWN, shown[:RECORDS_SHOWN]
            _records(out, names, shown)
            return _count(out, len(shown), more, "too wide for a table here")
    show(out, table)
    return _count(out, len(shown), more, remark)


def make(names: Sequence[str], rows: Sequence[Sequence], title: str | None = None, longest: int | None = None) -> Table:
    """Makes a table, with numbers aligned to the right. longest: the most characters of a text."""
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for index, name in enumerate(names):
        numeric = any(isinstance(row[index], (int, float, Decimal)) for row in rows)
        table.add_column(_text(name), justify="right" if numeric else "left", no_wrap=True)
    for row in rows:
        cells = [_text(value) for value in row]
        if longest:
            for cell in cells:
                cell.truncate(longest, overflow="ellipsis")
        table.add_row(*cells)
    return table


def show(out: Console, table: Table) -> None:
    """Prints a table without cutting its columns: a table that is too wide runs over the terminal's edge."""
    wide = Console(file=out.file, width=max(out.width, _width(out, table)), force_terminal=out.is_terminal)
    wide.print(table, crop=False)


def printable(text: str) -> str:
    """Escapes the control characters of a text, which a shop's file could use to control the terminal."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def _width(out: Console, table: Table) -> int:
    return Measurement.get(out, out.options.update(max_width=100_000), table).maximum


def _records(out: Console, names: Sequence[str], rows: Sequence[Sequence]) -> None:
    """Prints one value per line, as psql's \\x does."""
    left = max((len(printable(name)) for name in names), default=0)
    for number, row in enumerate(rows, 1):
        out.print(f"-[ {number} ]{'-' * max(left - 2, 4)}", style="dim", markup=False)
        for name, value in zip(names, row, strict=True):
            out.print(Text(f"{printable(name).ljust(left)}  ") + _text(value), soft_wrap=True)


def _count(out: Console, count: int, more: bool, remark: str = "") -> None:
    says = f"the first {count} rows; --csv or --json gives all" if more else f"{count} row{'' if count == 1 else 's'}"
    out.print(f"{says}; {remark}" if remark else says, style="dim", soft_wrap=True)


def _text(value: object) -> Text:
    if value is None:
        return Text()
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return Text(f"{_rounded(value):,}")
    return Text(printable(_plain(value)))


def _rounded(value: int | float | Decimal) -> int | float | Decimal:
    """Rounds to four decimals, or to four significant digits if the number is smaller than 0.1."""
    if isinstance(value, int) or not math.isfinite(value):
        return value
    decimals = DECIMALS if not value or abs(value) >= 0.1 else DECIMALS - 1 - math.floor(math.log10(abs(value)))
    if isinstance(value, float):
        return round(value, decimals)
    return value if -int(value.as_tuple().exponent) <= decimals else round(value, decimals)


def _plain(value: object) -> str:
    """A value as text: lists and objects as JSON, times in ISO format."""
    if isinstance(value, (dict, list)):
        return json.dumps(value, default=str, ensure_ascii=False)
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)


def _csv(names: Sequence[str], rows: Iterable[Sequence], out: IO[str]) -> None:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(value) for value in row])


def _cell(value: object) -> str:
    """A value for a spreadsheet. A text that a spreadsheet would read as a formula gets an apostrophe before it."""
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else _plain(value)


def texts_of(cell: str) -> set[str]:
    """The texts that `write` may have written as this cell of CSV: the cell itself, or what follows an apostrophe that
    keeps it from being a formula."""
    return {cell, cell[1:]} if cell[:1] == "'" and cell[1:].startswith(FORMULA) else {cell}


def _json(names: Sequence[str], rows: Iterable[Sequence], out: IO[str]) -> None:
    """Writes a JSON array with one row, an object, per line."""
    before = "["
    for row in rows:
        record = {name: _for_json(value) for name, value in zip(names, row, strict=True)}
        out.write(before + "\n" + json.dumps(record, ensure_ascii=False, default=str, allow_nan=False))
        before = ","
    out.write("[]\n" if before == "[" else "\n]\n")


def _for_json(value: object) -> object:
    """A value for JSON: decimals become numbers, NaN and infinity become null, dates become ISO text."""
    if isinstance(value, (Decimal, float)):
        number = float(value)
        if number != number or number in (float("inf"), float("-inf")):
            return None
        return int(value) if isinstance(value, Decimal) and value == value.to_integral_value() else number
    return value.isoformat() if isinstance(value, date) else value
