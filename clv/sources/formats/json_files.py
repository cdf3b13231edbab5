"""Reads JSON into DuckDB: one object per line, an array of objects, or objects over several lines; inner lists become
rows."""

from __future__ import annotations

from pathlib import Path

import duckdb

from clv.core.errors import ClvError
from clv.core.sql_text import literal, path_literal
from clv.sources.connectors.files import LONGEST_LINE, Received, text_lines
from clv.sources.formats.columns import candidates, create_header, in_no_column, matched
from clv.sources.formats.line_files import lines_table
from clv.sources.formats.received import LONGEST_TEXT, Unreadable, create, plain, styled
from clv.sources.mapping.complaints import first_line
from clv.sources.mapping.model import FileMapping

SAMPLED = 1000  # objects that are searched for keys


def read_json(duck: duckdb.DuckDBPyConnection, file: Received, mapping: FileMapping) -> list[Unreadable]:
    """Creates the table `received` from a JSON file; returns the records that cannot be read.

    If each line of the file is an object, the line of a record is its line in the file. Otherwise it is the position
    among the objects, or among the rows that lists are expanded into; then the table objects(_line, _raw) is kept for
    `object_texts`.
    """
    unreadable = _objects_table(duck, file)
    for level in _levels(mapping):
        _explode(duck, level)
    if duck.execute("select count(*) from objects").fetchall() == [(0,)]:
        raise ClvError(f"{file.name} holds no JSON object; write one object per line")
    paths, found = _paths(duck, file, mapping)
    # Extract all values in one pass over each object.
    listed = ", ".join(literal(path) for path in paths.values())
    values = {name: f"_values[{number}]" for number, name in enumerate(paths, 1)}
    # JSON always has a decimal point, and possibly an exponent. Convert numbers to the style of the mapping.
    for name in filter(paths.__contains__, mapping.numbers):
        text, is_number = values[name], f"json_type(_raw, {literal(paths[name])}) = 'DOUBLE'"
        other = f"contains({text}, 'e')" if mapping.decimal == "." else f"regexp_matches({text}, '[.e]')"
        values[name] = f"case when {other} and {is_number} then {styled(plain(text), mapping)} else {text} end"
    rows = f"from (select _line, _raw, json_extract_string(_raw, [{listed}]) as _values from objects)"  # noqa: S608 - our own SQL; values are bound or quoted
    create(duck, values | in_no_column(file, mapping, found), mapping, rows)
    if by_lines(file.path, mapping):
        duck.execute("drop table objects")
    return unreadable


def by_lines(path: Path, mapping: FileMapping) -> bool:
    """Returns whether each line of a JSON file is a record."""
    return not mapping.explode and _beginning(path) not in ("[", "{")


def object_texts(duck: duckdb.DuckDBPyConnection, lines: list[int]) -> dict[int, str]:
    """Returns the texts of the records on these lines, for files whose records are not lines."""
    query = f"select _line, left(_raw, {LONGEST_TEXT}) from objects where _line in (select unnest(?::bigint[]))"  # noqa: S608 - our own names
    return dict(duck.execute(query, [lines]).fetchall())


def _beginning(path: Path) -> str:
    """Returns [ for a file with an array, { for objects over several lines, else an empty text."""
    first = next((line for lines in text_lines(path) for line in lines if line.strip()), b"").strip()
    return "[" if first.startswith(b"[") else "{" if first == b"{" else ""


def _last(path: Path) -> str:
    """Returns the last character of a file that is not blank."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        return file.read().rstrip()[-1:].decode(errors="replace")


def _objects_table(duck: duckdb.DuckDBPyConnection, file: Received) -> list[Unreadable]:
    """Creates objects(_line, _raw); returns the records that are not JSON objects."""
    unreadable: list[Unreadable] = []
    if begins := _beginning(file.path):
        source = f"{path_literal(file.path)}, maximum_object_size = {LONGEST_LINE}"
        form = "array" if begins == "[" else "unstructured"
        try:
            duck.execute(
                "create table lines as select row_number() over () as _line, json::varchar as _raw "  # noqa: S608 - our own SQL; values are bound or quoted
                f"from read_json_objects({source}, format = '{form}')"
            )
        except duckdb.Error as error:
            raise ClvError(f"{file.name} is not whole JSON ({first_line(error)}); send it again") from None
        if _last(file.path) != ("]" if begins == "[" else "}"):  # DuckDB accepts a list without its end
            raise ClvError(f"{file.name} breaks off: what opens with {begins} does not close; send it again")
    else:
        unreadable = lines_table(duck, file)
        if not unreadable and duck.execute("select count(*) from lines").fetchall() == [(0,)]:
            raise ClvError(f"{file.name} holds no line; send it again, or remove it")
    bad = "case when json_valid(_raw) then json_type(_raw) <> 'OBJECT' else true end"
    duck.execute(f"create table objects as select * from lines where not ({bad})")  # noqa: S608 - our own SQL; values are bound or quoted
    for line, text in duck.execute(f"select _line, _raw from lines where {bad} order by _line").fetchall():  # noqa: S608 - our own SQL; values are bound or quoted
        unreadable.append(Unreadable(line, "is not a JSON object", text[:LONGEST_TEXT]))
    return unreadable


def _levels(mapping: FileMapping) -> list[list[str]]:
    """Returns the lists to expand into rows, outermost first, each as the keys that lead to it."""
    keys = mapping.explode.split(".") if mapping.explode else []
    return [keys[: place + 1] for place in range(len(keys))]


def _explode(duck: duckdb.DuckDBPyConnection, keys: list[str]) -> None:
    """Expands a list within each object into rows: one per item, with the item in the place of the list. An object with
    an empty list, or none, stays one row."""
    path = literal(_path(".".join(keys)))
    item = "_item"
    for key in reversed(keys):
        item = f"json_object({literal(key)}, {item})"
    is_list, number = f"json_type(_raw, {path}) = 'ARRAY'", f"json_array_length(_raw, {path})"
    items = f"case when {is_list} and {number} > 0 then json_extract(_raw, {path} || '[*]') else [null] end"
    duck.execute(f"""
        create table exploded as
        with items as (
            select
                _line, _raw, {is_list} as _is_list, unnest({items}) as _item, generate_subscripts({items}, 1) as _place
            from objects
        )
        select row_number() over (order by _line, _place) as _line,
            case when _is_list then json_merge_patch(_raw::json, {item})::varchar else _raw end as _raw
        from items
    """)  # noqa: S608 - our own SQL; values are bound or quoted
    duck.execute("drop table objects")
    duck.execute("alter table exploded rename to objects")


def _paths(
    duck: duckdb.DuckDBPyConnection, file: Received, mapping: FileMapping
) -> tuple[dict[str, str], dict[str, str]]:
    """Returns the JSON path of each column of the mapping, and the names of the columns that the file has."""
    names = candidates(mapping)
    sample = f"(select _raw from objects order by _line limit {SAMPLED})"  # noqa: S608 - our own names
    exist = ", ".join(f"bool_or(json_exists(_raw, {literal(_path(name))}))" for name in names)
    seen = duck.execute(f"select {exist} from {sample}").fetchall()[0]  # noqa: S608 - our own SQL; values are bound or quoted
    keys = duck.execute(f"select distinct unnest(json_keys(_raw)) as key from {sample} order by key").fetchall()  # noqa: S608 - our own SQL; values are bound or quoted
    existing = [name for name, is_there in zip(names, seen, strict=True) if is_there]
    present = existing + [key for (key,) in keys if key not in existing]
    actual = matched(file, mapping, present)
    create_header(duck, present)
    return {name: _path(actual.get(name, name)) for name in mapping.wanted if name not in mapping.in_no_column}, actual


def _path(name: str) -> str:
    """Returns the JSON path of a column. Dots in its name lead into inner objects."""
    return "$." + ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))
