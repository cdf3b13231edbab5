"""Coverage of the intervals of sums, on few enough customers to compute by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from clv.evaluation.backtest import sums


def frame(actual: float, n: int = 100) -> pd.DataFrame:
    """Customers with a prediction of 10.00 each and no spread of their own, with these actuals."""
    spreads = {"own_spread": 0.0, "total_spread": 0.1, "group_spread": 0.0}
    return pd.DataFrame({"predicted_mean": [10.0] * n, "actual_amount": [actual] * n}).assign(
        origin="2024-01-01", **spreads
    )


def test_an_interval_holds_what_lies_within_its_ends() -> None:
    # 1000 times e to the power of 1.2816 x .1 either way: 879.7 to 1136.7
    found = sums.of_groups(pd.concat([frame(11.3), frame(11.4).assign(origin="2024-04-01")]))
    assert found is not None
    assert found["2024-01-01"]["low"] == pytest.approx(879.7, abs=0.1)
    assert found["2024-01-01"]["high"] == pytest.approx(1136.7, abs=0.1)
    assert (found["2024-01-01"]["held"], found["2024-04-01"]["held"]) == (True, False)
    assert (found["2024-01-01"]["tiers"], found["2024-01-01"]["tiers_held"]) == (6, 6)
    assert found["2024-04-01"]["tiers_held"] == 0


def test_a_frame_without_spreads_is_not_judged() -> None:
    assert sums.of_groups(frame(10.0).drop(columns="own_spread")) is None
    assert sums.of_groups(frame(10.0).iloc[:0]) is None
