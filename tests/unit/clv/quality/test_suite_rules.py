"""The parts of suites state in words what they expect."""

from __future__ import annotations

from datetime import date

import pytest
from great_expectations.expectations.expectation import Expectation

from clv.quality import rules


@pytest.mark.parametrize(
    ("expected", "expectation"),
    [
        ("no such row", rules.never("one", "accuracy", "select from {batch}", "a problem")),
        ("no such row", rules.never_where("one", "accuracy", "x", "x < 0", "a problem")),
        ("no such row", rules.unique("x")),
        ("no null", rules.complete("x")[0]),
        ("1 row or more", rules.has_rows("no row")),
        ("any number of rows", rules.counted()),
        ("2024-05-25 or later", rules.newest_at_least("newest", "x", date(2024, 5, 25), "old")),
        ("from 0.0 to 1.0", rules.between("x", 0, 1)),
    ],
)
def test_the_expected_value_is_stated_in_words(expected: str, expectation: Expectation) -> None:
    assert (expectation.meta or {})["expected"] == expected
