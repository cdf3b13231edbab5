"""The coverage of intervals, beside the coverage that the probabilities imply."""

from __future__ import annotations

import numpy as np
import pytest

from clv.core.declared import OURS
from clv.evaluation.backtest import curves
from clv.evaluation.backtest.judged import Forecast, Origin


def origin(day: str, y: list[float], p: list[float], high: list[float]) -> Origin:
    """An origin whose intervals start at 0. The money is in the order of the customers' predictions."""
    actual, chance, upper = np.array(y), np.array(p), np.array(high)
    ours = Forecast(mean=chance * 10, median=0 * chance, p_purchase=chance, low=0 * chance, high=upper)
    return Origin(day, np.arange(len(y)), actual, (actual > 0).astype(float), {OURS: ours})


def test_coverage_is_compared_with_what_the_probabilities_imply() -> None:
    # Two customers are likely enough to buy; the interval of one holds the actual. Of the three others, whose interval
    # is zero, two bring nothing. Expected: .8, .8, and 1 - p of .8, .9 and 1.
    first = origin("2024-01-01", [5, 20, 0, 3, 0], [0.5, 0.3, 0.2, 0.1, 0.0], [10, 10, 0, 0, 0])
    second = origin("2024-04-01", [0, 0], [0.1, 0.1], [0, 0])
    found = curves.coverage([first, second])
    assert found["by_origin"]["2024-01-01"] == pytest.approx(
        {"coverage": 0.6, "expected": 0.86, "likely": 0.4, "coverage_of_likely": 0.5, "width": 4}
    )
    assert found["by_origin"]["2024-04-01"]["coverage_of_likely"] is None
    assert found["coverage"] == pytest.approx(0.8)
    assert found["expected"] == pytest.approx((0.86 + 0.9) / 2)
    assert found["likely"] == pytest.approx(0.2)
    assert found["coverage_of_likely"] == pytest.approx(0.5)  # of the origin that has any


def test_each_decile_has_its_expected_coverage() -> None:
    found = curves.coverage([origin("2024-01-01", [0.0] * 10, list(np.linspace(0.9, 0.0, 10)), [0.0] * 10)])
    expected = [row["expected"] for row in found["by_decile"]]
    assert expected == pytest.approx([0.8] * 8 + [0.9, 1.0])


def test_without_intervals_there_is_no_coverage() -> None:
    nothing = Origin("2024-01-01", np.arange(1), np.ones(1), np.ones(1), {OURS: Forecast(mean=np.ones(1))})
    assert curves.coverage([nothing]) == {
        "promised": 0.8, **dict.fromkeys(curves.COVERAGE), "by_origin": {}, "by_decile": [],
    }  # fmt: skip
