"""How good the days of next orders were, on customers few enough to count."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from clv.backtest import timing

NO = np.nan


def frame(*rows: tuple[float, float, float], followed: int = 100) -> pd.DataFrame:
    """Customers by the predicted day, the day of their own rhythm, and that of the order which came."""
    found = pd.DataFrame(rows, columns=pd.Index(["days_to_next_order", "rhythm_days", "actual_days_to_next_order"]))
    worth = np.arange(len(found), 0, -1.0)
    return found.assign(origin="2024-01-01", followed_days=followed, predicted_mean=worth)


def test_customers_are_judged_whose_day_had_come() -> None:
    # The third has no day, the fourth one beyond what followed. Of the first two, one ordered by its day.
    found = timing.next_order(frame((20, 25, 10), (30, -4, 41), (NO, 5, 5), (100, 90, 3)))
    assert found is not None
    assert found["customers"] == 2
    assert found["ordered_by_it"] == 0.5
    assert found["by_origin"] == {"2024-01-01": 0.5}
    assert found["mean_absolute_error"] == pytest.approx((10 + 11) / 2)
    assert found["baseline_mean_absolute_error"] == pytest.approx((15 + 41) / 2)  # -4 is the origin itself, day 0


def test_the_end_of_what_followed_stands_in_for_orders_that_did_not_come() -> None:
    found = timing.next_order(frame((60, 250, NO), (10, NO, 12)))
    assert found is not None
    assert found["ordered_by_it"] == 0
    assert found["mean_absolute_error"] == 40  # the second customer has no gap, so that no baseline could say a day
    assert found["baseline_mean_absolute_error"] == 0


def test_shares_are_told_by_value_and_by_days_ahead() -> None:
    # A hundred customers, worth less and less, with days ahead 0 to 99: the worthier half orders in time.
    found = timing.next_order(frame(*((day, 1, day if day < 50 else NO) for day in range(100)), followed=200))
    assert found is not None
    assert found["by_tier"] == {"top 1 %": 1, "top 5 %": 1, "top 10 %": 1, "top 25 %": 1, "top 50 %": 1, "rest": 0}
    assert found["by_tenth"] == [1] * 5 + [0] * 5


def test_frames_without_such_days_are_not_judged() -> None:
    assert timing.next_order(frame((NO, 1, 1))) is None
    assert timing.next_order(pd.DataFrame({"origin": []})) is None
