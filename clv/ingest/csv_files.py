"""CSV into DuckDB, with the line of each record and every record that cannot be read."""

from __future__ import annotations

import csv
from array import array
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from clv.errors import ClvError
from clv.ingest.files import Received, text_lines
from clv.ingest.mapping import Mapping
from clv.ingest.received import LONGEST_TEXT, Unreadable, check_columns, create, first_line, literal, quoted


def read_csv(duck: duckdb.DuckDBPyConnection, file: Received, mapping: Mapping) -> list[Unreadable]:
    header = list(mapping.header) or _header(file, mapping)
    check_columns(file, mapping, header)
    # Columns that carry an earlier one's name, or none, are read under a name of their own.
    names = [
        name if name and name not in header[: place - 1] else f"{name} ({place})"
        for place, name in enumerate(header, 1)
    ]
    types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    source = (
        f"read_csv({literal(str(file.path))}, auto_detect = false, header = {not mapping.header}, "
        f"delim = {literal(mapping.delimiter)}, quote = '\"', escape = '\"', columns = {{{types}}}, "
        "store_rejects = true)"
    )
    values = {name: quoted(name) for name in names}
    try:
        header_lines = 0 if mapping.header else 1
        create(duck, f"row_number() over () + {header_lines}", values, mapping, f"from {source}")
    except duckdb.Error as error:
        raise ClvError(f"{file.name} cannot be read as CSV ({first_line(error)})") from None
    rejects = duck.execute(
        "select line_byte_position, min(line), arg_min(error_type::varchar, byte_position), "
        "arg_min(error_message, byte_position), arg_min(csv_line, byte_position) "
        "from reject_errors group by line_byte_position order by line_byte_position"
    ).fetchall()
    return _number_records(duck, file, header_lines, rejects)


def _header(file: Received, mapping: Mapping) -> list[str]:
    for lines in text_lines(file.path):
        for line in lines:
            if line.strip():
                try:
                    return [name.strip() for name in next(csv.reader([line.decode()], delimiter=mapping.delimiter))]
                except UnicodeDecodeError:
                    mend = f"set file: {{encoding: …}} in the mapping {mapping.source}"
                    raise ClvError(f"the header of {file.name} is not UTF-8; {mend}") from None
    raise ClvError(f"{file.name} holds no line; send it again, or remove it")


def _number_records(
    duck: duckdb.DuckDBPyConnection, file: Received, header: int, rejects: list[tuple]
) -> list[Unreadable]:
    """Corrects received._line, which counts accepted records, to lines of the file, and gives the rejects theirs.

    Nothing to do where every record is one line and none was rejected; else the file is walked once more.
    """
    (accepted,) = duck.execute("select count(*) from received").fetchall()[0]
    if not rejects and accepted + header == file.lines:
        return []
    rejects_by_start = {_start(file, reject[0]): reject for reject in rejects}
    good, bad = _walk(file, rejects_by_start)
    # Whatever was not met where DuckDB places it is kept with DuckDB's number of its line.
    for start in rejects_by_start.keys() - {start for start, _ in bad}:
        _, line, kind, message, text = rejects_by_start[start]
        bad.append((start, Unreadable(line, _reason(kind, message), text.strip("\r\n")[:LONGEST_TEXT])))
    good = good[header:]
    if len(good) == accepted:
        duck.register("numbers", pa.table({"_line": pa.array(np.frombuffer(good, dtype=np.int64))}))
        duck.execute(
            "create table numbered as select numbers._line, received.* exclude (_line) "
            "from received positional join numbers"
        )
        duck.execute("drop table received")
        duck.execute("alter table numbered rename to received")
        duck.unregister("numbers")
    return [row for _, row in bad]


def _start(file: Received, position: int) -> int:
    """Where a rejected record starts: DuckDB counts from 1 and may still be on the line end before it."""
    with file.path.open("rb") as source:
        source.seek(position - 1)
        ahead = source.read(4096)
    return position - 1 + len(ahead) - len(ahead.lstrip(b"\r\n"))


def _walk(file: Received, rejects: dict[int, tuple]) -> tuple[array, list[tuple[int, Unreadable]]]:
    """The lines on which the good records start, the header's included, and the rejected ones by where they start."""
    good, bad = array("q"), []
    offset, skip, inside = 0, 0, False
    with file.path.open("rb") as source:
        for number, line in enumerate(source, 1):
            start, offset = offset, offset + len(line)
            if start in rejects:
                _, _, kind, message, text = rejects[start]
                text = text.strip("\r\n")
                if kind == "INVALID ENCODING":
                    text = line.rstrip(b"\r\n").decode(errors="backslashreplace")
                    message = "is not UTF-8; name its encoding in the mapping"
                bad.append((start, Unreadable(number, _reason(kind, message), text[:LONGEST_TEXT])))
                skip, inside = text.count("\n"), False
            elif skip:
                skip -= 1
            elif inside:
                inside = line.count(b'"') % 2 == 0
            elif line.strip(b"\r\n"):
                good.append(number)
                inside = line.count(b'"') % 2 == 1
    return good, bad


def _reason(kind: str, message: str) -> str:
    if kind in ("MISSING COLUMNS", "TOO MANY COLUMNS"):
        expected, _, found = message.removeprefix("Expected Number of Columns: ").partition(" Found: ")
        return f"has {found} fields where {expected} are expected"
    return {"UNQUOTED VALUE": "has a quote that does not close"}.get(kind, message)


def record_texts(path: Path, wanted: set[int], quotes: bool) -> dict[int, str]:
    """The text of the records that start on the wanted lines; where quotes count, a record goes on until they close."""
    texts: dict[int, bytes] = {}
    current, inside = 0, False
    with path.open("rb") as source:
        for number, line in enumerate(source, 1):
            if inside:
                texts[current] += line
            elif number in wanted:
                texts[number], current = line, number
            else:
                continue
            inside = inside != (quotes and line.count(b'"') % 2 == 1)
    return {
        number: text.decode(errors="backslashreplace").rstrip("\r\n")[:LONGEST_TEXT] for number, text in texts.items()
    }
