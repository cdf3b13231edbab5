"""The JSON Schema and the documentation of mappings agree with the declared kinds, and mappings are checked against the
schema."""

from __future__ import annotations

import sys

import pytest
import yaml
from jsonschema import Draft7Validator

from clv.core.errors import ClvError
from clv.core.settings import PROJECT
from clv.sources.kinds import schema
from clv.sources.kinds.mappings import SHIPPED, parse

sys.path.insert(0, str(PROJECT / "scripts"))

import mappings_docs  # noqa: E402

LEAST = {"customer": "c", "order": "o", "time": "t", "amount": "a"}
SPEND = {"kind": "spend", "day": "d", "channel": "c", "amount": "a"}
CHECKED = Draft7Validator(schema.of_mappings())


def test_the_documentation_holds_what_is_declared():
    assert (PROJECT / "docs" / "mapping.schema.json").read_text() == mappings_docs.schema()
    text = (PROJECT / "docs" / "sources.md").read_text()
    assert text == mappings_docs.sources(text)
    assert "| `spend` | `campaign` | text |" in text


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yml")), ids=lambda path: path.stem)
def test_the_shipped_mappings_are_right(path):
    assert [error.message for error in CHECKED.iter_errors(yaml.safe_load(path.read_text()))] == []


@pytest.mark.parametrize(
    "stated",
    [
        {**LEAST, "amount": {"quantity": "q", "price": "p"}, "columns": {"line_id": ["a", "b"]}},
        {**LEAST, "no_revenue": {"column": "x", "equals": ["gift"]}, "sign": {"column": "s", "negative": "refund"}},
        {**LEAST, "refund": {"amount": "back", "of": ["total", "Total"]}},
        {**LEAST, "kind": "orders", "file": {"skip": "until_header", "decimal": ","}, "currency": "EUR"},
        {**SPEND, "day": {"column": "d", "formats": "%d/%m/%Y"}},
        {**SPEND, "filters": [{"rule": "r", "column": "c", "present": True}]},
        SPEND,
    ],
)
def test_what_a_mapping_may_say_is_right_for_the_editor_too(stated):
    assert parse("shop", stated, "shop.yml").wanted
    assert CHECKED.is_valid(stated)


@pytest.mark.parametrize(
    "stated",
    [
        {**LEAST, "ammount": "a"},
        {**LEAST, "columns": {"colour": "c"}},
        {name: column for name, column in LEAST.items() if name != "time"},
        {**LEAST, "row_key": "lines"},
        {**LEAST, "file": {"decimal": ";"}},
        {**SPEND, "customer": "c"},
        {**SPEND, "kind": "visits"},
        {**SPEND, "filters": [{"column": "c", "equals": "x"}]},
    ],
)
def test_what_a_mapping_may_not_say_is_wrong_for_the_editor_too(stated):
    with pytest.raises(ClvError):
        parse("shop", stated, "shop.yml")
    assert not CHECKED.is_valid(stated)
