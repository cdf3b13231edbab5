"""The data dictionary: the warehouse's own comments on every table and column that analysts read, as Markdown."""

from __future__ import annotations

from itertools import groupby

from clv.catalog import tables
from clv.warehouse import db

HEAD = """# Data dictionary

Every table and column of the schema `analytics`, in the words of the warehouse's own comments; `clv dictionary` writes
it. A table named `…_history` has the same columns as the one without, at every published date.
"""
QUERY = """
    select
        relation.relname, obj_description(relation.oid), attribute.attname,
        format_type(attribute.atttypid, attribute.atttypmod), col_description(relation.oid, attribute.attnum)
    from pg_class as relation
    join pg_attribute as attribute on attribute.attrelid = relation.oid
    where relation.relnamespace = %s::regnamespace and relation.relkind in ('r', 'v')
        and attribute.attnum > 0 and not attribute.attisdropped
    order by relation.relname collate "C", attribute.attnum
"""


def markdown() -> str:
    """The data dictionary of a warehouse that is set up."""
    found = db.rows(QUERY, (tables.ANALYTICS,))
    names = {row[0] for row in found}
    parts = [HEAD, _overview({row[0]: row[1] for row in found})]
    for (name, table_comment), rows in groupby(found, key=lambda row: row[:2]):
        parts.append(f"## {name}\n\n{_line(table_comment)}\n")
        if name.endswith("_history") and name.removesuffix("_history") in names:
            continue
        lines = [f"| `{column}` | {kind} | {_line(comment)} |" for _, _, column, kind, comment in rows]
        parts.append("\n".join(["| column | type | meaning |", "|---|---|---|", *lines]) + "\n")
    return "\n".join(parts)


def _overview(comments: dict[str, str | None]) -> str:
    """The list of all tables, each with the first sentence of its comment."""
    lines = []
    for name, comment in comments.items():
        if name.endswith("_history") and name.removesuffix("_history") in comments:
            continue
        history = ", `…_history`" if f"{name}_history" in comments else ""
        rows = _line(comment).removeprefix("One row per ").split(". ")[0].removesuffix(".")
        lines.append(f"| [`{name}`](#{name}){history} | {rows} |")
    return "\n".join(["| table | one row per |", "|---|---|", *lines]) + "\n"


def _line(comment: str | None) -> str:
    return " ".join((comment or "").split()).replace("|", "\\|")
