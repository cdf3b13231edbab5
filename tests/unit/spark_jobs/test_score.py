"""Whether a scoring starts Spark, and how the parts of its customers are joined."""

from __future__ import annotations

import numpy as np
import pytest

from spark_jobs import score


@pytest.mark.parametrize(
    ("master", "from_customers", "customers", "expected"),
    [
        ("local[*]", None, 10_000_000, False),
        ("spark://there:7077", None, 49_999, False),
        ("spark://there:7077", None, 50_000, True),
        ("spark://there:7077", "200000", 199_999, False),
        ("local[*]", "0", 1, True),
    ],
)
def test_spark_is_started_for_a_cluster_and_many_customers_or_where_the_setting_asks_for_it(
    master: str, from_customers: str | None, customers: int, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARK_MASTER", master)
    monkeypatch.setenv("SPARK_FROM_CUSTOMERS", from_customers or "")
    assert score.is_for_spark(customers) == expected


def test_a_part_without_customers_adds_none_whatever_its_columns() -> None:
    empty, two = {"t": np.zeros(0)}, {"t": np.array([1.0, 2.0]), "purchases": np.ones((2, 6))}
    found = score._joined([empty, two, empty, two])
    assert found["t"].tolist() == [1, 2, 1, 2]
    assert found["purchases"].shape == (4, 6)
    assert score._joined([empty, empty])["t"].tolist() == []
