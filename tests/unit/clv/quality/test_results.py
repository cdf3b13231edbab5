"""The stored results of a gate: the expected value in words, and the remedy with the found row's values."""

from __future__ import annotations

from typing import Any

import pytest

from clv.quality import results


def judged(kind: str, remedy: str = "", rows: list[dict] | None = None, **arguments: Any) -> results.Finding:
    config = {
        "type": kind,
        "kwargs": arguments,
        "meta": {"name": "one", "dimension": "accuracy", "remedy": remedy},
        "severity": "critical",
    }
    outcome = {"observed_value": len(rows or []), "details": {"unexpected_rows": rows or []}}
    document = {"results": [{"expectation_config": config, "success": not rows, "result": outcome}]}
    return results.findings("a.table", document)[0]


@pytest.mark.parametrize(
    ("expected", "kind", "arguments"),
    [
        ("no such row", "no_rows", {}),
        ("no null", "expect_column_values_to_not_be_null", {"column": "x"}),
        ("1 row or more", "expect_table_row_count_to_be_between", {"min_value": 1}),
        ("any number of rows", "expect_table_row_count_to_be_between", {"min_value": 0}),
        ("2024-05-25 or later", "expect_column_max_to_be_between", {"column": "x", "min_value": "2024-05-25"}),
        ("from 0 to 1", "expect_column_values_to_be_between", {"column": "x", "min_value": 0, "max_value": 1}),
        ("0 or more", "expect_column_values_to_be_between", {"column": "x", "min_value": 0}),
        ("up to 9", "expect_column_values_to_be_between", {"column": "x", "max_value": 9}),
    ],
)
def test_the_expected_value_is_stated_in_words(expected: str, kind: str, arguments: dict) -> None:
    assert judged(kind, **arguments).expected == expected


def test_the_remedy_works_when_it_is_pasted() -> None:
    remedy = "take it back with `clv withdraw --batch {batch_id}`"
    assert judged("no_rows", remedy, [{"batch_id": 12}]).remedy == "take it back with `clv withdraw --batch 12`"
    assert judged("no_rows", remedy).remedy == "take it back with `clv withdraw --batch N`"
