"""Accuracy of the predicted day of the next order, on few enough customers to compute by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from clv.evaluation.backtest import timing

NO = np.nan


def frame(*rows: tuple[float, float, float], followed: int = 100) -> pd.DataFrame:
    """Customers by the predicted day, the day by their own gap, and the day of the actual order."""
    found = pd.DataFrame(rows, columns=pd.Index(["days_to_next_order", "rhythm_days", "actual_days_to_next_order"]))
    worth = np.arange(len(found), 0, -1.0)
    return found.assign(origin="2024-01-01", followed_days=followed, predicted_mean=worth)


def test_customers_whose_predicted_day_is_past_are_judged() -> None:
    # The third has no predicted day, the fourth one after the end of the data. Of the first two, one ordered by the
    # predicted day.
    found = timing.next_order(frame((20, 25, 10), (30, -4, 41), (NO, 5, 5), (100, 90, 3)))
    assert found is not None
    assert found["customers"] == 2
    assert found["ordered_by_it"] == 0.5
    assert found["by_origin"] == {"2024-01-01": timing.group(pd.Series([1.0, 0.0]))}
    assert found["mean_absolute_error"] == pytest.approx((10 + 11) / 2)
    # -4 lies before the origin, so it counts as day 0.
    assert found["baseline_mean_absolute_error"] == pytest.approx((15 + 41) / 2)


def test_missing_orders_count_as_the_end_of_the_data() -> None:
    found = timing.next_order(frame((60, 250, NO), (10, NO, 12)))
    assert found is not None
    assert found["ordered_by_it"] == 0
    assert found["mean_absolute_error"] == 40  # the second customer has no mean gap, so the baseline predicts no day
    assert found["baseline_mean_absolute_error"] == 0


def test_shares_by_value_tier_and_by_predicted_days() -> None:
    # A hundred customers of decreasing value, with predicted days 0 to 99: the more valuable half orders in time.
    found = timing.next_order(frame(*((day, 1, day if day < 50 else NO) for day in range(100)), followed=200))
    assert found is not None
    tiers = {name: (found["customers"], found["ordered_by_it"]) for name, found in found["by_tier"].items()}
    wanted = {"top 1 %": (1, 1), "top 5 %": (4, 1), "top 10 %": (5, 1), "top 25 %": (15, 1), "top 50 %": (25, 1)}
    assert tiers == wanted | {"rest": (50, 0)}
    assert [tenth["ordered_by_it"] for tenth in found["by_tenth"]] == [1] * 5 + [0] * 5
    # P-values of "all customers ordered by their day" at a true share of .58: one of one .58, four of four .58 ^ 4 =
    # .11, five of five .066, fifteen of fifteen .0003.
    assert [tier["outside"] for tier in found["by_tier"].values()] == [True] * 6
    assert [tier["beyond_chance"] for tier in found["by_tier"].values()] == [False, False, False, True, True, True]


@pytest.mark.parametrize(
    ("ordered", "customers", "outside", "beyond_chance"),
    [
        (21, 50, False, False),  # .42, on the border
        (29, 50, False, False),  # .58
        (20, 50, True, False),  # .40: the p-value at a true share of .42 is .45
        (12, 50, True, True),  # .24: the p-value is .006
        (0, 4, True, False),  # .58 ^ 4 = .11
        (0, 6, True, True),  # .58 ^ 6 = .038
        (4, 4, True, False),
        (6, 6, True, True),
    ],
)
def test_a_group_outside_the_range_is_tested_for_chance(
    ordered: int, customers: int, outside: bool, beyond_chance: bool
) -> None:
    found = timing.group(pd.Series([1.0] * ordered + [0.0] * (customers - ordered)))
    assert found == {
        "customers": customers, "ordered_by_it": ordered / customers,
        "outside": outside, "beyond_chance": beyond_chance,
    }  # fmt: skip


def test_frames_without_such_days_are_not_judged() -> None:
    assert timing.next_order(frame((NO, 1, 1))) is None
    assert timing.next_order(pd.DataFrame({"origin": []})) is None
