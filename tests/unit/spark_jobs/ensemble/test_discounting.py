from __future__ import annotations

import numpy as np
import pytest

from spark_jobs.ensemble import discounting
from spark_jobs.models import btyd

MODEL = btyd.BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)


def test_a_horizon_of_one_month_is_discounted_by_one_month() -> None:
    factor = discounting.discount_factor(MODEL, np.array([3.0]), np.array([20.0]), 30, 0.1)
    assert factor == pytest.approx(1.1 ** (-1 / 12))


def test_discount_factors_follow_the_timing_of_orders() -> None:
    x, T = np.array([0.0, 3, 3]), np.array([2.0, 20, 200])
    year, five = (discounting.discount_factor(MODEL, x, T, days, 0.1) for days in (365, 1825))
    assert ((five < year) & (year < 1) & (five > 1.1**-5)).all()
    monthly = np.diff([btyd.expected_orders_if_alive(MODEL, x[1:2], T[1:2], m * 365 / 84)[0] for m in range(13)])
    by_hand = sum(orders / 1.1 ** (month / 12) for month, orders in enumerate(monthly, 1))
    assert year[1] == pytest.approx(by_hand / monthly.sum())


def test_nothing_is_discounted_at_a_rate_of_zero() -> None:
    assert discounting.discount_factor(MODEL, np.array([1.0]), np.array([9.0]), 365, 0.0) == pytest.approx(1)
