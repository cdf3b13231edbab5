"""Every expectation has a name and a dimension of data quality."""

from __future__ import annotations

from datetime import date
from types import ModuleType
from typing import get_args

import pytest

from clv.catalog import published
from clv.quality.rules import Dimension, Slice
from expectations import analytics, features, predictions, raw, staging

SLICE = Slice(date(2024, 6, 1), "2024-06-01.1")


@pytest.mark.parametrize("module", [raw, staging, features, predictions, analytics])
def test_every_expectation_speaks_of_one_dimension(module: ModuleType) -> None:
    found = {one.meta["name"]: one.meta["dimension"] for suite in module.suites(SLICE) for one in suite.expectations}
    assert len(found) > 1
    assert set(found.values()) <= set(get_args(Dimension))


def test_what_is_expected_of_one_table_is_of_a_published_one() -> None:
    assert set(analytics.OF_ONE_TABLE) <= set(published.tables())
