"""Reads files into DuckDB, as the table `received`: the columns that a mapping names, all as text, and the line of each
record."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from clv.core.errors import ClvError
from clv.core.sql_text import path_literal, quoted
from clv.sources.connectors.files import Received
from clv.sources.formats.columns import create_header, in_no_column, matched
from clv.sources.formats.csv_files import read_csv, record_texts
from clv.sources.formats.json_files import by_lines, object_texts, read_json
from clv.sources.formats.line_files import read_aligned
from clv.sources.formats.received import LONGEST_TEXT, Unreadable, create, plain, styled
from clv.sources.formats.workbooks import read_workbook, row_texts
from clv.sources.mapping.complaints import first_line
from clv.sources.mapping.model import FileMapping

# Limits for the rows of a Parquet file. Repeated rows take almost no space in it, so a small file can expand to
# billions of rows. Real orders differ at least in their time and do not compress so well.
MOST_ROWS = 10  # for each byte of the file
MANY_ROWS = 1_000_000


def read(duck: duckdb.DuckDBPyConnection, file: Received, mapping: FileMapping) -> list[Unreadable]:
    """Creates the table received(_line bigint, and one text column for each column of the mapping). Blank values are
    null.

    Returns the records that cannot be read. Raises ClvError if the whole file cannot be read or a column is missing.
    """
    if file.kind == "parquet":
        return _read_parquet(duck, file, mapping)
    if file.kind == "json":
        return read_json(duck, file, mapping)
    if file.kind == "workbook":
        return read_workbook(duck, file, mapping)
    if mapping.delimiter == "whitespace":
        return read_aligned(duck, file, mapping)
    return read_csv(duck, file, mapping)


def _read_parquet(duck: duckdb.DuckDBPyConnection, file: Received, mapping: FileMapping) -> list[Unreadable]:
    source = f"read_parquet({path_literal(file.path)})"
    try:
        types = _types(duck, file)
        (rows,) = duck.execute(f"select num_rows from parquet_file_metadata({path_literal(file.path)})").fetchall()[0]  # noqa: S608 - our own SQL; values are bound or quoted
    except duckdb.Error as error:
        raise ClvError(f"{file.name} is not a readable Parquet file ({first_line(error)}); write it again") from None
    if rows > max(MOST_ROWS * file.size, MANY_ROWS):
        raise ClvError(
            f"{file.name} holds {rows:,} rows in {file.size:,} bytes, far more than files of orders; send it as CSV if "
            "this is intended"
        )
    found = matched(file, mapping, list(types))
    create_header(duck, list(types))
    values = {name: _as_text(quoted(actual), types[actual]) for name, actual in found.items()}
    values |= in_no_column(file, mapping, found)
    for name in mapping.numbers:
        if name in found and types[found[name]].startswith(("DOUBLE", "FLOAT", "DECIMAL")):
            values[name] = styled(plain(values[name]), mapping)
    try:
        create(duck, values, mapping, f"from {source}", before=0)
    except duckdb.Error as error:
        raise ClvError(f"{file.name} breaks off ({first_line(error)}); write it again") from None
    return []


def _types(duck: duckdb.DuckDBPyConnection, file: Received) -> dict[str, str]:
    found = duck.execute(f"describe select * from read_parquet({path_literal(file.path)})").fetchall()  # noqa: S608 - our own SQL; values are bound or quoted
    return {name: kind for name, kind, *_ in found}


def _as_text(column: str, kind: str) -> str:
    if kind in ("DOUBLE", "FLOAT"):  # a whole number in such a column is an id or a count: 13085.0 is 13085
        whole = f"{column} = trunc({column}) and abs({column}) < 1e15"
        text = f"case when {whole} then {column}::bigint::varchar else {column}::varchar end"
        return f"case when not isnan({column}) then {text} end"
    return f"{column}::varchar"


def raw_texts(
    duck: duckdb.DuckDBPyConnection, file: Received, mapping: FileMapping, lines: list[int]
) -> dict[int, str]:
    """Returns the original text of the records on these lines. For Parquet and workbooks, this is the row's values as
    JSON."""
    if file.kind == "json" and not by_lines(file.path, mapping):
        return object_texts(duck, lines)
    if file.kind == "workbook":
        return row_texts(file, mapping, set(lines))
    if file.kind != "parquet":
        quotes = file.kind == "text" and mapping.delimiter != "whitespace"
        return record_texts(file.path, set(lines), mapping.delimiter if quotes else None)
    duck.register("wanted", pa.table({"_line": pa.array(lines, pa.int64())}))
    # Cut texts before they are converted: a single value may have many megabytes.
    values = ", ".join(
        f"{quoted(name)} := left({quoted(name)}, {LONGEST_TEXT})"
        if kind == "VARCHAR"
        else f"{quoted(name)} := {quoted(name)}"
        for name, kind in _types(duck, file).items()
    )
    rows = f"select row_number() over () as _line, * from read_parquet({path_literal(file.path)})"  # noqa: S608 - our own SQL; values are bound or quoted
    text = f"left(to_json(struct_pack({values}))::varchar, {LONGEST_TEXT})"
    return dict(duck.execute(f"select _line, {text} from ({rows}) semi join wanted using (_line)").fetchall())  # noqa: S608 - our own SQL; values are bound or quoted
