"""Files into DuckDB: a table `received` of the columns a mapping wants, all as text, with each record's line."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import pyarrow as pa

from clv.errors import ClvError
from clv.ingest.columns import check_columns
from clv.ingest.csv_files import read_csv, record_texts
from clv.ingest.files import Received, text_lines
from clv.ingest.mapping import FileMapping
from clv.ingest.received import (
    LONGEST_TEXT,
    Unreadable,
    create,
    first_line,
    literal,
    path_literal,
    quoted,
)

SAMPLED_LINES = 1000  # of JSON lines, to see which keys there are
# Rows that repeat each other take next to no room in Parquet; orders differ at least in their time.
MOST_ROWS = 10  # a byte of the file
MANY_ROWS = 1_000_000


def read(duck: duckdb.DuckDBPyConnection, file: Received, mapping: FileMapping) -> list[Unreadable]:
    """Makes the table received(_line bigint, one text column per wanted name); blanks are null.

    Returns the records that could not be read at all. Raises ClvError when the file as a whole cannot be read or
    lacks a column.
    """
    if file.kind == "parquet":
        return _read_parquet(duck, file, mapping)
    if file.kind == "json":
        return _read_json(duck, file, mapping)
    if mapping.delimiter == "whitespace":
        return _read_aligned(duck, file, mapping)
    return read_csv(duck, file, mapping)


def _read_parquet(duck: duckdb.DuckDBPyConnection, file: Received, mapping: FileMapping) -> list[Unreadable]:
    source = f"read_parquet({path_literal(file.path)})"
    try:
        types = _types(duck, file)
        (rows,) = duck.execute(f"select num_rows from parquet_file_metadata({path_literal(file.path)})").fetchall()[0]
    except duckdb.Error as error:
        raise ClvError(f"{file.name} is not a readable Parquet file ({first_line(error)}); write it again") from None
    if rows > max(MOST_ROWS * file.size, MANY_ROWS):
        raise ClvError(
            f"{file.name} holds {rows:,} rows in {file.size:,} bytes, as no orders do; send it as CSV if it is meant"
        )
    check_columns(file, mapping, list(types))
    values = {name: _as_text(quoted(name), kind) for name, kind in types.items()}
    for name in mapping.numbers:
        if types.get(name, "").startswith(("DOUBLE", "FLOAT", "DECIMAL")):
            values[name] = _styled(_plain(values[name]), mapping)
    try:
        create(duck, "row_number() over ()", values, mapping, f"from {source}")
    except duckdb.Error as error:
        raise ClvError(f"{file.name} breaks off ({first_line(error)}); write it again") from None
    return []


def _types(duck: duckdb.DuckDBPyConnection, file: Received) -> dict[str, str]:
    found = duck.execute(f"describe select * from read_parquet({path_literal(file.path)})").fetchall()
    return {name: kind for name, kind, *_ in found}


def _as_text(column: str, kind: str) -> str:
    if kind in ("DOUBLE", "FLOAT"):  # a whole number in a float column is an id or a count: 13085.0 is 13085
        whole = f"{column} = trunc({column}) and abs({column}) < 1e15"
        text = f"case when {whole} then {column}::bigint::varchar else {column}::varchar end"
        return f"case when not isnan({column}) then {text} end"
    return f"{column}::varchar"


def _plain(text: str) -> str:
    """The text of a number that a file holds as one, 1e-07, with digits alone."""
    plain = f"try_cast(try_cast({text} as double) as decimal(38, 10))::varchar"
    return f"case when contains({text}, 'e') then coalesce({plain}, {text}) else {text} end"


def _styled(text: str, mapping: FileMapping) -> str:
    """The text of a number that a file holds as one, in the mapping's style."""
    return f"replace({text}, '.', ',')" if mapping.decimal == "," else text


def _read_json(duck: duckdb.DuckDBPyConnection, file: Received, mapping: FileMapping) -> list[Unreadable]:
    unreadable = _lines_table(duck, file)
    bad = "case when json_valid(_raw) then json_type(_raw) <> 'OBJECT' else true end"
    first = duck.execute("select _raw from lines order by _line limit 1").fetchall()
    if not first and not unreadable:
        raise ClvError(f"{file.name} holds no line; send it again, or remove it")
    if first and first[0][0].lstrip().startswith("["):
        raise ClvError(f"{file.name} is a JSON array; write one object per line")
    if first and first[0][0].strip() == "{":
        raise ClvError(f"{file.name} has its objects over several lines; write one object per line")
    duck.execute(f"create table objects as select * from lines where not ({bad})")
    for line, text in duck.execute(f"select _line, _raw from lines where {bad} order by _line").fetchall():
        unreadable.append(Unreadable(line, "is not a JSON object", text[:LONGEST_TEXT]))
    paths = {name: "$." + ".".join(quoted(part) for part in name.split(".")) for name in mapping.wanted}
    sample = f"(select _raw from objects order by _line limit {SAMPLED_LINES})"
    found = ", ".join(f"bool_or(json_exists(_raw, {literal(path)}))" for path in paths.values())
    if duck.execute("select count(*) from objects").fetchall() == [(0,)]:
        raise ClvError(f"{file.name} holds no JSON object; write one object per line")
    seen = duck.execute(f"select {found} from {sample}").fetchall()[0]
    keys = duck.execute(f"select distinct unnest(json_keys(_raw)) as key from {sample} order by key").fetchall()
    there = [name for name, is_there in zip(paths, seen, strict=True) if is_there]
    check_columns(file, mapping, there + [key for (key,) in keys if key not in there])
    # One pass over each object for all its values.
    listed = ", ".join(literal(path) for path in paths.values())
    values = {name: f"_values[{number}]" for number, name in enumerate(paths, 1)}
    # What stands there as a number is written with a point, and may have an exponent, whatever the mapping's style is.
    for name in mapping.numbers:
        text, is_number = values[name], f"json_type(_raw, {literal(paths[name])}) = 'DOUBLE'"
        other = f"contains({text}, 'e')" if mapping.decimal == "." else f"regexp_matches({text}, '[.e]')"
        typed = f"when {other} and {is_number} then {_styled(_plain(text), mapping)}"
        values[name] = f"case {typed} else {text} end"
    rows = f"from (select _line, _raw, json_extract_string(_raw, [{listed}]) as _values from objects)"
    create(duck, "_line", values, mapping, rows)
    duck.execute("drop table objects")
    return unreadable


def _read_aligned(duck: duckdb.DuckDBPyConnection, file: Received, mapping: FileMapping) -> list[Unreadable]:
    unreadable = _lines_table(duck, file)
    header, after = list(mapping.header), 0
    if not header:
        first = duck.execute("select _line, _raw from lines order by _line limit 1").fetchall() or [(0, "")]
        after, header = first[0][0], first[0][1].split()
    check_columns(file, mapping, header)
    split = f"select _line, _raw, string_split_regex(trim(_raw), '\\s+') as _values from lines where _line > {after}"
    wrong = f"select _line, len(_values), _raw from ({split}) where len(_values) <> {len(header)} order by _line"
    for line, fields, text in duck.execute(wrong).fetchall():
        reason = f"has {fields} fields where {len(header)} are expected"
        unreadable.append(Unreadable(line, reason, text[:LONGEST_TEXT]))
    values = {name: f"_values[{number}]" for number, name in enumerate(header, 1)}
    create(duck, "_line", values, mapping, f"from ({split}) where len(_values) = {len(header)}")
    return unreadable


def _lines_table(duck: duckdb.DuckDBPyConnection, file: Received) -> list[Unreadable]:
    """Makes lines(_line, _raw) of a file's lines that are not blank; returns those that are not UTF-8."""
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


def raw_texts(
    duck: duckdb.DuckDBPyConnection, file: Received, mapping: FileMapping, lines: list[int]
) -> dict[int, str]:
    """The text as it came of the records on these lines; of a Parquet row, its values as JSON."""
    if file.kind != "parquet":
        quotes = file.kind == "text" and mapping.delimiter != "whitespace"
        return record_texts(file.path, set(lines), mapping.delimiter if quotes else None)
    duck.register("wanted", pa.table({"_line": pa.array(lines, pa.int64())}))
    # A value of many megabytes is cut before it is written out.
    values = ", ".join(
        f"{quoted(name)} := left({quoted(name)}, {LONGEST_TEXT})"
        if kind == "VARCHAR"
        else f"{quoted(name)} := {quoted(name)}"
        for name, kind in _types(duck, file).items()
    )
    rows = f"select row_number() over () as _line, * from read_parquet({path_literal(file.path)})"
    text = f"left(to_json(struct_pack({values}))::varchar, {LONGEST_TEXT})"
    return dict(duck.execute(f"select _line, {text} from ({rows}) semi join wanted using (_line)").fetchall())
