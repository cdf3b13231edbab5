"""Reads text files whose records are lines: JSON objects, or columns aligned by blanks."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import pyarrow as pa

from clv.core.errors import ClvError
from clv.sources.connectors.files import Received, text_lines
from clv.sources.formats.columns import create_header, header_among, in_no_column, matched
from clv.sources.formats.received import LONGEST_TEXT, Unreadable, create
from clv.sources.mapping.model import FileMapping
from clv.sources.mapping.parts import SEARCHED_LINES, UNTIL_HEADER


def read_aligned(duck: duckdb.DuckDBPyConnection, file: Received, mapping: FileMapping) -> list[Unreadable]:
    """Creates `received` from a file whose columns are aligned by blanks; returns the records that cannot be read."""
    unreadable = lines_table(duck, file)
    header, after = list(mapping.header), 0 if mapping.skip == UNTIL_HEADER else int(mapping.skip)
    if not header:
        after, header = _header(duck, file, mapping, after)
    found = matched(file, mapping, header)
    create_header(duck, header)
    split = f"select _line, _raw, string_split_regex(trim(_raw), '\\s+') as _values from lines where _line > {after}"  # noqa: S608 - our own SQL; values are bound or quoted
    wrong = f"select _line, len(_values), _raw from ({split}) where len(_values) <> {len(header)} order by _line"  # noqa: S608 - our own SQL; values are bound or quoted
    for line, fields, text in duck.execute(wrong).fetchall():
        reason = f"has {fields} fields where {len(header)} are expected"
        unreadable.append(Unreadable(line, reason, text[:LONGEST_TEXT]))
    values = {name: f"_values[{header.index(actual) + 1}]" for name, actual in found.items()}
    values |= in_no_column(file, mapping, found)
    create(duck, values, mapping, f"from ({split}) where len(_values) = {len(header)}")
    return unreadable


def _header(duck: duckdb.DuckDBPyConnection, file: Received, mapping: FileMapping, after: int) -> tuple[int, list[str]]:
    most = SEARCHED_LINES if mapping.skip == UNTIL_HEADER else 1
    first = duck.execute(f"select _line, _raw from lines where _line > {after} order by _line limit {most}").fetchall()  # noqa: S608 - our own SQL; values are bound or quoted
    if not first:
        raise ClvError(f"{file.name} holds no line; send it again, or remove it")
    names = [text.split() for _, text in first]
    place = header_among(mapping, names)
    return first[place][0], names[place]


def lines_table(duck: duckdb.DuckDBPyConnection, file: Received) -> list[Unreadable]:
    """Creates lines(_line, _raw) from a file's lines that are not blank; returns the lines that are not UTF-8."""
    unreadable: list[Unreadable] = []
    schema = pa.schema([("_line", pa.int64()), ("_raw", pa.string())])

    def batches() -> Iterator[pa.RecordBatch]:
        number = 1
        for lines in text_lines(file.path):
            try:
                texts = pa.array(lines, pa.binary()).cast(pa.string())
            except pa.ArrowInvalid:
                texts = pa.array([_decoded(line, number + place, unreadable) for place, line in enumerate(lines)])
            numbers = pa.array(np.arange(number, number + len(lines)))
            yield pa.record_batch([numbers, texts], schema=schema)
            number += len(lines)

    duck.execute("create table lines (_line bigint, _raw varchar)")
    for batch in batches():
        piece = pa.Table.from_batches([batch])
        duck.register("piece", piece)
        duck.execute("insert into lines from piece where trim(_raw) <> ''")
        duck.unregister("piece")
    return unreadable


def _decoded(line: bytes, number: int, unreadable: list[Unreadable]) -> str | None:
    try:
        return line.decode()
    except UnicodeDecodeError:
        text = line.decode(errors="backslashreplace")[:LONGEST_TEXT]
        unreadable.append(Unreadable(number, "is not UTF-8; name its encoding in the mapping", text))
        return None
