"""Reads the inner keys of columns in mappings of declared kinds: what the values of a column mean."""

from __future__ import annotations

from clv.core.errors import ClvError
from clv.sources.kinds.columns import DIGESTED, IN_PII, TIMES, Column
from clv.sources.mapping.values import MappingReader


def part_of(column: Column) -> str | None:
    """Returns the name in keys.PARTS of the inner keys that a mapping may give for a column; None if it gives only the
    column's name, because the values are stored with the customer."""
    if column.type in (*IN_PII, *DIGESTED):
        return None
    if column.one_of:
        return "words"
    if column.type in ("customer", "id"):
        return column.type
    return "day" if column.type in TIMES else "given"


def words(column: Column, reader: MappingReader) -> dict[str, str]:
    """Returns what the shop's words in a column stand for. Raises ClvError if one stands for none of `one_of`."""
    stated = reader.part(column.name).get("values") if column.one_of else None
    if stated is None:
        return {}
    key, listed = f"{column.name}.values", ", ".join(column.one_of)
    if not isinstance(stated, dict):
        raise ClvError(f"{reader.place}: '{key}' gives each of the shop's words one of {listed}; not {stated!r}")
    for word, ours in stated.items():
        if not isinstance(word, str) or ours not in column.one_of:
            raise ClvError(
                f"{reader.place}: '{key}' gives each of the shop's words, as a text, one of {listed}; "
                f"correct {word!r}: {ours!r}"
            )
    return stated


def part_of_id(column: Column, reader: MappingReader) -> tuple[str, str] | None:
    """Returns the pattern, without its slashes, whose group is the id within a value, and the text before it; either
    may be empty. None if the mapping states neither. Raises ClvError if one is wrong."""
    part = reader.part(column.name) if column.type == "id" else {}
    pattern, prefix = part.get("pattern"), part.get("prefix")
    if pattern is None and prefix is None:
        return None
    if pattern is not None:
        pattern = reader.of_one_group(pattern, f"{column.name}.pattern", "the id", r"/#?(\d+)/")[1:-1]
    return pattern or "", reader.text(prefix, f"{column.name}.prefix") or ""
