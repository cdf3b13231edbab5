"""Creates the JSON Schema of mappings for editors, and the table of kinds in the documentation."""

from __future__ import annotations

from typing import Any

from clv.core.settings import Settings
from clv.sources.kinds import registry
from clv.sources.kinds.columns import DIGESTED, IN_PII
from clv.sources.kinds.declared import Kind

DEFAULT = "orders"  # the kind of a mapping that states none


def of_mappings(home: Settings | None = None) -> dict[str, Any]:
    """Returns the JSON Schema of mappings of all kinds. With a home, it includes the home's own kinds."""
    kinds = registry.known(home)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Mapping of a source: which of the shop's columns is what",
        "type": "object",
        "properties": {"kind": {"enum": list(kinds), "default": DEFAULT}},
        "allOf": [_of_kind(kind) for kind in kinds.values()],
    }


def _of_kind(kind: Kind) -> dict[str, Any]:
    chosen: dict[str, Any] = {"properties": {"kind": {"const": kind.name}}}
    if kind.name != DEFAULT:
        chosen["required"] = ["kind"]
    whole = {"properties": kind.keys, "required": list(kind.required_keys), "additionalProperties": False}
    return {"if": chosen, "then": whole}


def documented(home: Settings | None = None) -> str:
    """Returns a Markdown table of each kind's columns: where they are stored, and whether a row needs them."""
    lines = ["| kind | column | type | a row has it | kept in | means |", "|---|---|---|---|---|---|"]
    for kind in registry.known(home).values():
        for column in kind.columns:
            place = "pii.customers" if column.type in IN_PII else kind.table
            if column.type in DIGESTED:
                place = "pii.addresses, as a keyed digest, if a rule of `identities` needs it"
            elif column.type in ("customer", "other_customer"):
                place = f"{kind.table}, as a pseudonym; the id in pii.customers"
            has = "always" if column.required else ""
            lines.append(f"| `{kind.name}` | `{column.name}` | {column.type} | {has} | {place} | {column.means} |")
    return "\n".join(lines) + "\n"
