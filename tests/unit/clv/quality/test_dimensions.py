"""Every expectation has its dimension of data quality."""

from __future__ import annotations

from datetime import date
from types import ModuleType

import pytest

from clv.quality import dimensions
from clv.quality.rules import Slice
from expectations import analytics, features, predictions, raw, staging


@pytest.mark.parametrize("module", [raw, staging, features, predictions, analytics])
def test_every_expectation_speaks_of_one_dimension(module: ModuleType) -> None:
    slice_ = Slice(date(2024, 6, 1), "2024-06-01.1")
    names = {one.meta["name"] for make in module.SUITES for one in make(slice_).expectations}
    assert len(names) > 1 or module is raw
    assert {name for name in names if dimensions.of(name) is None} == set()


@pytest.mark.parametrize(
    ("name", "dimension"),
    [
        ("customer_key_not_null", "completeness"),
        ("customers_complete", "completeness"),
        ("p_purchase_in_range", "accuracy"),
        ("revenue_reconciles", "consistency"),
        ("newest_order", "timeliness"),
        ("has_rows", "availability"),
        ("of_a_new_kind", None),
    ],
)
def test_names_are_mapped_by_pattern(name: str, dimension: str | None) -> None:
    assert dimensions.of(name) == dimension
