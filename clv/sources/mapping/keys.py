"""The keys of a mapping and their values, as JSON Schema. Error messages and completion in editors are derived from it.

Each kind of source adds its own top-level keys (clv.sources.kinds).
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
YES_NO: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "number"}
TEXTS: Schema = {"anyOf": [TEXT, {"type": "array", "items": TEXT}]}
COLUMN: Schema = {
    "description": "The name of a column; a ? at its end makes it optional. A list of names or a /pattern/ is allowed.",
    "anyOf": [TEXT, {"type": "array", "items": TEXT, "minItems": 1}],
}
COLUMNS: Schema = {"type": "array", "items": COLUMN}
# Where a value comes from: a column, the mapping itself, or the file's name.
GIVEN: dict[str, Schema] = {
    "column": COLUMN,
    "value": {"description": "The same value for every row.", "type": ["string", "number"]},
    "in_file_name": {"description": "A /pattern/ whose one group is the value in the file's name.", **TEXT},
}
CONDITIONS: dict[str, Schema] = {
    "equals": {"anyOf": [{"type": ["string", "number", "boolean"]}, {"type": "array"}]},
    "matches": TEXT,
    "at_most": NUMBER,
    "present": YES_NO,
}

# Keys that contain other keys, for mappings of every kind. A plain text or list stands for the first inner key.
PARTS: dict[str, dict[str, Schema]] = {
    "file": {
        "encoding": TEXT,
        "delimiter": TEXT,
        "header": TEXTS,
        "skip": {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 1000}, {"const": "until_header"}]},
        "sheet": TEXT,
        "explode": TEXT,
        "decimal": {"enum": [".", ","]},
        "thousands": TEXT,
        "missing": TEXTS,
    },
    "customer": {"column": COLUMN, "lower": YES_NO, "whole_number": YES_NO},
    "given": GIVEN,
    "id": {
        **GIVEN,
        "pattern": {"description": "A /pattern/ whose one group is the id within a value.", **TEXT},
        "prefix": {"description": "What stands before each id, so that it is that of other files.", **TEXT},
    },
    "words": {
        **GIVEN,
        "values": {
            "description": "What the shop's words stand for, as in `success: paid`.",
            "type": "object",
            "additionalProperties": TEXT,
        },
    },
    "day": {**GIVEN, "formats": TEXTS},
    "time": {
        "column": COLUMN,
        "time_of_day": COLUMN,
        "zone": COLUMN,
        "zones": {"type": "object", "additionalProperties": TEXT},
        "formats": TEXTS,
    },
    "currency": {
        "code": TEXT,
        "column": COLUMN,
        "in_name_of": TEXT,
        "rates": {"type": "object", "additionalProperties": {"type": ["number", "string"]}},
        "minor_units": YES_NO,
    },
    "sign": {"column": COLUMN, "negative": TEXTS},
    "filters": {
        "rule": TEXT,
        "column": COLUMN,
        **CONDITIONS,
        "unless": {
            "description": "Rows that meet this condition are kept.",
            "type": "object",
            "properties": {"column": COLUMN, **CONDITIONS},
            "required": ["column"],
            "additionalProperties": False,
        },
    },
}
SHORT = {"currency": "code"}  # the inner key that a plain text stands for, if it is not `column`


def part(keys: dict[str, Schema], short: bool = True) -> Schema:
    """Returns the schema of a key with inner keys. short: whether the name of a column may stand for all of them."""
    whole = {"type": "object", "properties": keys, "additionalProperties": False}
    return {"anyOf": [COLUMN, whole]} if short else whole


# Top-level keys of every kind.
DESCRIPTION: dict[str, Schema] = {"description": TEXT, "kind": TEXT, "file": part(PARTS["file"], short=False)}
FILTERS: Schema = {"type": "array", "items": {**part(PARTS["filters"], short=False), "required": ["rule", "column"]}}
CURRENCY: Schema = part(PARTS["currency"])
SIGN: Schema = part(PARTS["sign"], short=False)
