from __future__ import annotations

import numpy as np
import pytest

from spark_jobs.ensemble import conformal


def shop(n: int = 20_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the actual money, its mean, and the probability of an order; spend given an order is log-normal."""
    rng = np.random.default_rng(3)
    p = rng.uniform(0.05, 1, n)
    mean_of_buyers = rng.gamma(2, 50, n)
    spent = (rng.random(n) < p) * mean_of_buyers * np.exp(rng.normal(-0.18, 0.6, n))
    return spent, p * mean_of_buyers, p


def intervals_of(spent: np.ndarray, value: np.ndarray, p: np.ndarray) -> conformal.Intervals:
    """Returns the intervals from two holdouts: the first and the second quarter of the shop's customers."""
    quarter = len(spent) // 4
    parts = [[array[:quarter], array[quarter : 2 * quarter]] for array in (spent, value, p)]
    return conformal.calibrate(*parts)


def test_each_percentile_has_the_stated_share_of_customers_below_it() -> None:
    spent, value, p = shop()
    half = len(spent) // 2
    band = intervals_of(spent, value, p)
    assert len(band.ratios) == 10
    for level in (0.5, 0.9):
        below = spent[half:] <= band.quantile(level, value[half:], p[half:], value.mean())
        certain = p[half:] > 1 - level  # for all others the quantile is 0 by definition
        assert below[certain].mean() == pytest.approx(level, abs=0.03)


def test_the_interval_covers_four_in_five_of_likely_buyers() -> None:
    spent, value, p = shop()
    half, band = len(spent) // 2, intervals_of(spent, value, p)
    low, high = band.bounds(value[half:], p[half:], value.mean())
    inside = (spent[half:] >= low) & (spent[half:] <= high)
    assert inside[p[half:] > 0.3].mean() == pytest.approx(0.8, abs=0.02)


def test_the_error_of_buyers_mean_widens_the_interval_of_each() -> None:
    # Spends are log-normal with .6 in logs. The buyers' mean has an error of .3, which Student's t with 2 degrees of
    # freedom widens to .3 x 1.886 / 1.2816 = .44. Together they are .74, and the 90th percentile lies 1.2816 of that
    # away.
    rng = np.random.default_rng(5)
    spent, p = [np.exp(rng.normal(0, 0.6, 50_000)) for _ in range(2)], [np.full(50_000, 1.0)] * 2
    value = [np.full(50_000, one.mean() * np.exp(off)) for one, off in zip(spent, (-0.3, 0.3), strict=True)]
    band = conformal.calibrate(spent, value, p)
    low, middle, high = (band.quantile(q, np.ones(1), np.ones(1), 1.0)[0] for q in (0.1, 0.5, 0.9))
    assert np.log(high / middle) == pytest.approx(1.2816 * 0.74, abs=0.04)
    assert np.log(middle / low) == pytest.approx(1.2816 * 0.74, abs=0.04)


def test_perfectly_regular_buyers_have_an_interval_around_their_mean() -> None:
    # Every customer brings 60.00. With a probability of .98 the expected spend of buyers was 3 to 4 % too high.
    n = 600
    actual, p = [np.full(n, 60.0)] * 2, [np.full(n, 0.98)] * 2
    band = conformal.calibrate(actual, [np.full(n, 61.1), np.full(n, 60.8)], p)
    for predicted in (59.5, 60.0, 60.5):
        low, high = band.bounds(np.full(n, predicted), np.full(n, 0.97), predicted)
        assert (low <= min(60, predicted)).all()
        assert (high >= max(60, predicted)).all()
        assert (high - low).max() < 12


def test_an_interval_never_starts_above_the_mean() -> None:
    band = conformal.Intervals([], [np.full(41, 1.5).tolist()], [2.25])
    low, high = band.bounds(np.array([10.0, 10.0]), np.array([0.95, 0.5]), 10.0)
    assert low.tolist() == [10, 0]
    assert high == pytest.approx([1.5 * 10 / 0.95, 1.5 * 10 / 0.5])


def test_the_own_spread_combines_whether_and_how_much_a_customer_buys() -> None:
    # A buyer spends 10 or 30, 20 on average: ratios .5 and 1.5, mean square 1.25. With a probability of .5 the mean is
    # 10, the mean square .5 x (100 + 900) / 2 = 250, and the variance 150.
    band = conformal.calibrate([np.tile([10.0, 30.0], 100)], [np.full(200, 20.0)], [np.ones(200)])
    assert band.squares == pytest.approx([1.25])
    assert band.own_spread(np.array([10.0]), np.array([0.5]), 10.0) ** 2 == pytest.approx([150])


def test_one_unexpected_buyer_does_not_widen_the_interval() -> None:
    spent, value, p = shop()
    p[0], spent[0] = 1e-9, 50.0
    with_surprise, without = (intervals_of(spent[first:], value[first:], p[first:]) for first in (0, 1))
    assert np.median(with_surprise.ratios) == pytest.approx(np.median(without.ratios), rel=0.02)


def test_a_percentile_below_the_probability_of_no_order_is_zero() -> None:
    band = conformal.unmeasured()
    values = band.quantile(0.1, np.full(3, 50.0), np.array([0.89, 0.91, 1.0]), 50.0)
    assert values[0] == 0
    assert 0 < values[1] < values[2]


def test_the_lower_end_is_zero_if_more_than_one_in_ten_do_not_buy() -> None:
    low, high = conformal.unmeasured().bounds(np.full(2, 50.0), np.array([0.89, 0.95]), 50.0)
    assert low[0] == 0 < low[1]
    assert (high > 50).all()


def test_percentiles_are_ordered_and_finite() -> None:
    spent, value, p = shop(2000)
    band = intervals_of(spent, value, p)
    p10, p50, p90 = (band.quantile(level, value, p, value.mean()) for level in (0.1, 0.5, 0.9))
    assert ((p10 >= 0) & (p10 <= p50) & (p50 <= p90) & np.isfinite(p90)).all()


def test_few_buyers_make_fewer_bins_and_very_few_the_assumed_spread() -> None:
    spent, value, p = shop(400)
    assert 1 <= len(conformal.calibrate([spent], [value], [p]).ratios) < 10
    assert conformal.calibrate([spent[:20]], [value[:20]], [p[:20]]) == conformal.unmeasured()
    assert conformal.calibrate([], [], []) == conformal.unmeasured()
    assert conformal.calibrate([np.zeros(9)], [value[:9]], [p[:9]]) == conformal.unmeasured()
