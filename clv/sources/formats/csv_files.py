"""Reads CSV into DuckDB, with the line number of each record, and collects the records that cannot be read."""

from __future__ import annotations

import csv
import itertools
import re
from array import array
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from clv.core.errors import ClvError
from clv.core.sql_text import literal, path_literal, quoted
from clv.sources.connectors.files import Received, WrongEncoding, text_lines
from clv.sources.formats.columns import create_header, header_among, in_no_column, matched
from clv.sources.formats.received import LONGEST_TEXT, Unreadable, create
from clv.sources.mapping.complaints import first_line
from clv.sources.mapping.hints import file_line
from clv.sources.mapping.model import FileMapping
from clv.sources.mapping.parts import SEARCHED_LINES, UNTIL_HEADER

MOST_FIELDS = 10_000  # the limit for one line
LONGEST_RECORD = 2_000_000  # bytes; longer records are rejected
TOO_LONG = "LINE SIZE OVER MAXIMUM"
NOT_CLOSED = "UNQUOTED VALUE"
# The optional first line by which Excel learns the delimiter: sep=;
EXCEL_DELIMITER = re.compile(rb'"?sep=(.)"?', re.IGNORECASE)


def read_csv(duck: duckdb.DuckDBPyConnection, file: Received, mapping: FileMapping) -> list[Unreadable]:
    """Creates the table `received` from a CSV file; returns the records that cannot be read.

    Raises ClvError if it is unclear where records begin and end; then no record is loaded.
    """
    before = _lines_before(file, mapping)
    header, before = (list(mapping.header), before) if mapping.header else _header(file, mapping, before)
    found = matched(file, mapping, header)
    create_header(duck, header)
    _check_fields(file, mapping.delimiter)
    # Columns are read by position, because names may repeat, differ only in case, or be missing.
    places = {name: f"column{place}" for place, name in reversed(list(enumerate(header)))}
    types = ", ".join(f"column{place}: 'VARCHAR'" for place in range(len(header)))
    source = (
        f"read_csv({path_literal(file.path)}, auto_detect = false, header = false, skip = {before}, "
        f"delim = {literal(mapping.delimiter)}, quote = '\"', escape = '\"', columns = {{{types}}}, "
        f"max_line_size = {LONGEST_RECORD}, store_rejects = true)"
    )
    values = {name: quoted(places[actual]) for name, actual in found.items()} | in_no_column(file, mapping, found)
    try:
        create(duck, values, mapping, f"from {source}", before)
    except duckdb.Error as error:
        if "invalid state" in str(error):
            raise ClvError(
                f"{file.name} ends its lines in more than one way, or holds a carriage return outside quotes; "
                "write it with one kind of line end"
            ) from None
        raise ClvError(f"{file.name} cannot be read as CSV ({first_line(error)}); write it again") from None
    rejects = duck.execute(
        "select line_byte_position, arg_min(error_type::varchar, byte_position), arg_min(error_message, byte_position) "
        "from reject_errors group by line_byte_position order by line_byte_position"
    ).fetchall()
    return _number_records(duck, file, mapping.delimiter, before, rejects)


def _check_fields(file: Received, delimiter: str) -> None:
    """Raises ClvError at a line with extremely many fields: DuckDB reports each surplus field, which would take
    hours."""
    if file.longest_line < MOST_FIELDS:
        return
    numbers = itertools.count(1)
    for lines in text_lines(file.path):
        for number, line in zip(numbers, lines, strict=False):
            if len(line) > MOST_FIELDS and line.count(delimiter.encode()) > MOST_FIELDS:
                raise ClvError(
                    f"{file.name} has more than {MOST_FIELDS:,} fields in line {number}; correct or remove it"
                )


def _lines_before(file: Received, mapping: FileMapping) -> int:
    """Returns the number of lines before the header, or before the first row if there is no header."""
    first = list(itertools.islice(_lines(file), SEARCHED_LINES))
    excel = EXCEL_DELIMITER.fullmatch(first[0]) if first else None
    if excel and (mark := excel[1].decode(errors="replace")) != mapping.delimiter:
        raise ClvError(
            f"{file.name} says in its first line that its columns are separated by {mark!r}; "
            f"say in the mapping {mapping.source}: {file_line(mapping, delimiter=mark)}"
        )
    before = max(_until_header(first, mapping) if mapping.skip == UNTIL_HEADER else int(mapping.skip), bool(excel))
    opening = re.compile(rb'(?:^|%s)"' % re.escape(mapping.delimiter.encode()))
    if any(_stays_open(line, False, opening) for line in first[:before]):
        raise ClvError(f"{file.name} has a quote that does not close in the lines before its header; remove it")
    return before


def _until_header(first: list[bytes], mapping: FileMapping) -> int:
    return header_among(mapping, [_fields(line, mapping.delimiter) for line in first])


def _fields(line: bytes, delimiter: str) -> list[str]:
    """Returns the fields of a line that may be a header; none if it cannot be one."""
    try:
        names = next(csv.reader([line.decode(errors="replace")], delimiter=delimiter), [])
    except csv.Error:  # a field of more than 131,072 characters, or a carriage return within a line
        return []
    return [name.strip() for name in names]


def _lines(file: Received) -> Iterator[bytes]:
    return (line for some in text_lines(file.path) for line in some)


def _header(file: Received, mapping: FileMapping, before: int) -> tuple[list[str], int]:
    """Returns the column names, and the number of records to skip: the header and all lines before it, including blank
    ones."""
    blank = 0

    def lines() -> Iterator[str]:
        nonlocal blank
        for line in itertools.islice(_lines(file), before, None):
            if line.strip():
                yield line.decode() + "\n"
            else:
                blank += 1

    try:
        names = next(csv.reader(lines(), delimiter=mapping.delimiter, strict=True), None)
    except UnicodeDecodeError:
        remedy = f"say in the mapping {mapping.source}: {file_line(mapping, encoding='cp1252')}"
        raise WrongEncoding(f"the header of {file.name} is not UTF-8; {remedy}", "cp1252") from None
    except csv.Error as error:  # for example, lines that end with a carriage return alone
        raise ClvError(
            f"the header of {file.name} cannot be read as CSV ({error}); write it again, with line feeds"
        ) from None
    if names is None:
        raise ClvError(f"{file.name} holds no line; send it again, or remove it")
    return [name.strip() for name in names], before + blank + 1


def _number_records(
    duck: duckdb.DuckDBPyConnection, file: Received, delimiter: str, before: int, rejects: list[tuple]
) -> list[Unreadable]:
    """Replaces received._line, so far the number of an accepted record, by the line of the file; returns the rejected
    records with their lines.

    Does nothing if every record is one line and none was rejected. Otherwise reads the file once more.
    """
    (accepted,) = duck.execute("select count(*) from received").fetchall()[0]
    if not rejects and accepted + before == file.lines:
        return []
    rejects_by_start = {_start(file, reject[0]): reject for reject in rejects}
    good, bad = _walk(file, delimiter, before, rejects_by_start)
    if (len(good), len(bad)) != (accepted, len(rejects_by_start)):
        raise ClvError(
            f"{file.name} cannot be divided into rows: {accepted + len(rejects_by_start):,} were read where its "
            f"lines hold {len(good) + len(bad):,}; look for a quote that opens and does not close, or write it again"
        )
    duck.register("numbers", pa.table({"_line": pa.array(np.frombuffer(good, dtype=np.int64))}))
    duck.execute("drop view received")
    duck.execute("create table received as select numbers._line, records.* from records positional join numbers")
    duck.execute("drop table records")
    duck.unregister("numbers")
    return bad


def _start(file: Received, position: int) -> int:
    """Returns the byte offset at which a rejected record starts. DuckDB counts from 1 and may point to the line end
    before it."""
    with file.path.open("rb") as source:
        source.seek(position - 1)
        ahead = source.read(4096)
    return position - 1 + len(ahead) - len(ahead.lstrip(b"\r\n"))


def _walk(file: Received, delimiter: str, before: int, rejects: dict[int, tuple]) -> tuple[array, list[Unreadable]]:
    """Returns the first lines of the good records, and the rejected records.

    Raises ClvError if a quote that is never closed swallows the lines after it: the number of rows is then unknown.
    """
    good, bad = array("q"), []
    for start, size, first, last, blank in itertools.islice(records(file.path, delimiter), before, None):
        if start in rejects:
            _, kind, message = rejects[start]
            if last > first and kind in (NOT_CLOSED, TOO_LONG):
                raise ClvError(
                    f"{file.name}: a quote that opens in line {first} does not close as it should, and the rows after "
                    "it cannot be separated; correct that line and send the file again"
                )
            bad.append(Unreadable(first, _reason(kind, message, size), _text(file.path, start, size)))
        elif not blank:
            good.append(first)
    return good, bad


def _reason(kind: str, message: str, size: int) -> str:
    if kind in ("MISSING COLUMNS", "TOO MANY COLUMNS"):
        expected, _, found = message.removeprefix("Expected Number of Columns: ").partition(" Found: ")
        return f"has {found} fields where {expected} are expected"
    return {
        NOT_CLOSED: "has a quote that does not close",
        TOO_LONG: f"is {size:,} bytes long, where {LONGEST_RECORD:,} are read",
        "INVALID ENCODING": "is not UTF-8; name its encoding in the mapping",
    }.get(kind, message)


def records(path: Path, delimiter: str | None) -> Iterator[tuple[int, int, int, int, bool]]:
    """Yields the records of a text file: offset and size in bytes, first and last line, and whether the record is
    blank.

    With a delimiter, a quote at the start of a field stays open over line ends until it is closed. With None, every
    line is a record.
    """
    opening = re.compile(rb'(?:^|%s)"' % re.escape((delimiter or "").encode()))
    offset = start = first = number = 0
    inside = False
    with path.open("rb") as source:
        for number, line in enumerate(source, 1):
            if not inside:
                start, first = offset, number
            offset += len(line)
            if delimiter and b'"' in line:
                inside = _stays_open(line.removeprefix(b"\xef\xbb\xbf"), inside, opening)
            if not inside:
                yield start, offset - start, first, number, first == number and not line.strip(b"\r\n")
    if inside:
        yield start, offset - start, first, number, False


_CLOSING = re.compile(rb'(?:[^"]|"")*+"(?!")')


def _stays_open(line: bytes, inside: bool, opening: re.Pattern[bytes]) -> bool:
    """Returns whether a quote is open at the end of the line. inside: whether one was open at its start."""
    place = 0
    while inside or (opened := opening.search(line, place)):
        closed = _CLOSING.match(line, place if inside else opened.end())
        if not closed:
            return True
        place, inside = closed.end(), False
    return False


def _text(path: Path, start: int, size: int) -> str:
    with path.open("rb") as source:
        source.seek(start)
        text = source.read(min(size, 4 * LONGEST_TEXT))
    return text.decode(errors="backslashreplace").rstrip("\r\n")[:LONGEST_TEXT]


def record_texts(path: Path, wanted: set[int], delimiter: str | None) -> dict[int, str]:
    """Returns the text of the records that start on the wanted lines, by line. delimiter: as in `records`."""
    found = (record for record in records(path, delimiter) if record[2] in wanted)
    return {first: _text(path, start, size) for start, size, first, *_ in found}
