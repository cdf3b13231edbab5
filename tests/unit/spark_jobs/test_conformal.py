from __future__ import annotations

import numpy as np
import pytest

from spark_jobs import conformal


def shop(n: int = 20_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Money that came, its mean and the chance of an order: spend given an order is log-normal."""
    rng = np.random.default_rng(3)
    p = rng.uniform(0.05, 1, n)
    mean_of_buyers = rng.gamma(2, 50, n)
    spent = (rng.random(n) < p) * mean_of_buyers * np.exp(rng.normal(-0.18, 0.6, n))
    return spent, p * mean_of_buyers, p


def test_the_stated_share_of_customers_lies_below_each_percentile() -> None:
    spent, value, p = shop()
    half = len(spent) // 2
    band = conformal.calibrate(spent[:half], value[:half], p[:half])
    assert len(band.ratios) == 10
    for level in (0.5, 0.9):
        below = spent[half:] <= band.quantile(level, value[half:], p[half:])
        certain = p[half:] > 1 - level  # others are at zero by definition
        assert below[certain].mean() == pytest.approx(level, abs=0.03)


def test_a_percentile_is_zero_where_not_buying_is_likelier_than_it() -> None:
    band = conformal.unmeasured()
    values = band.quantile(0.1, np.full(3, 50.0), np.array([0.89, 0.91, 1.0]))
    assert values[0] == 0
    assert 0 < values[1] < values[2]


def test_percentiles_are_ordered_and_finite() -> None:
    spent, value, p = shop(2000)
    band = conformal.calibrate(spent, value, p)
    p10, p50, p90 = (band.quantile(level, value, p) for level in (0.1, 0.5, 0.9))
    assert ((p10 >= 0) & (p10 <= p50) & (p50 <= p90) & np.isfinite(p90)).all()


def test_few_buyers_make_fewer_bins_and_none_the_assumed_spread() -> None:
    spent, value, p = shop(400)
    assert 1 <= len(conformal.calibrate(spent, value, p).ratios) < 10
    assert conformal.calibrate(spent[:20], value[:20], p[:20]) == conformal.unmeasured()
    assert conformal.calibrate(np.array([]), np.array([]), np.array([])) == conformal.unmeasured()
