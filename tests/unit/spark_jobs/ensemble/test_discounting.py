from __future__ import annotations

import numpy as np
import pytest

from spark_jobs.ensemble import discounting
from spark_jobs.models import btyd

MODEL = btyd.BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)


def discount_factor(x: np.ndarray, T: np.ndarray, days: int, rate: float) -> np.ndarray:
    return discounting.discount_factors(MODEL, x, T, [days], rate)[days]


def test_a_horizon_of_one_month_is_discounted_by_one_month() -> None:
    factor = discount_factor(np.array([3.0]), np.array([20.0]), 30, 0.1)
    assert factor == pytest.approx(1.1 ** (-1 / 12))


def test_discount_factors_follow_the_timing_of_orders() -> None:
    x, T = np.array([0.0, 3, 3]), np.array([2.0, 20, 200])
    year, five = (discount_factor(x, T, days, 0.1) for days in (365, 1825))
    assert ((five < year) & (year < 1) & (five > 1.1**-5)).all()
    monthly = np.diff([btyd.expected_orders_if_alive(MODEL, x[1:2], T[1:2], m * 365 / 84)[0] for m in range(13)])
    by_hand = sum(orders / 1.1 ** (month / 12) for month, orders in enumerate(monthly, 1))
    assert year[1] == pytest.approx(by_hand / monthly.sum())


def test_nothing_is_discounted_at_a_rate_of_zero() -> None:
    assert discount_factor(np.array([1.0]), np.array([9.0]), 365, 0.0) == pytest.approx(1)


def test_a_factor_does_not_depend_on_those_computed_before() -> None:
    x, T = np.array([0.0, 3, 3, 0]), np.array([2.0, 20, 200, 2.2])
    discount_factor(x[2:], T[2:], 365, 0.1)
    discount_factor(x, T, 365, 0.2)
    found = discount_factor(x, T, 365, 0.1)
    discounting._known.cache_clear()
    assert discount_factor(x, T, 365, 0.1).tolist() == found.tolist()
    assert found[0] == found[3]
