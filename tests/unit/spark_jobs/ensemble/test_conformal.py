from __future__ import annotations

import numpy as np
import pytest

from spark_jobs.ensemble import conformal


def shop(n: int = 20_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Money that came, its mean and the chance of an order: spend given an order is log-normal."""
    rng = np.random.default_rng(3)
    p = rng.uniform(0.05, 1, n)
    mean_of_buyers = rng.gamma(2, 50, n)
    spent = (rng.random(n) < p) * mean_of_buyers * np.exp(rng.normal(-0.18, 0.6, n))
    return spent, p * mean_of_buyers, p


def halves(spent: np.ndarray, value: np.ndarray, p: np.ndarray) -> conformal.Intervals:
    """Intervals from two closed origins: the first and the second quarter of the shop's customers."""
    quarter = len(spent) // 4
    parts = [[array[:quarter], array[quarter : 2 * quarter]] for array in (spent, value, p)]
    return conformal.calibrate(*parts)


def test_the_stated_share_of_customers_lies_below_each_percentile() -> None:
    spent, value, p = shop()
    half = len(spent) // 2
    band = halves(spent, value, p)
    assert len(band.ratios) == 10
    for level in (0.5, 0.9):
        below = spent[half:] <= band.quantile(level, value[half:], p[half:], value.mean())
        certain = p[half:] > 1 - level  # others are at zero by definition
        assert below[certain].mean() == pytest.approx(level, abs=0.03)


def test_the_interval_holds_four_in_five_of_those_who_may_well_buy() -> None:
    spent, value, p = shop()
    half, band = len(spent) // 2, halves(spent, value, p)
    low, high = band.bounds(value[half:], p[half:], value.mean())
    inside = (spent[half:] >= low) & (spent[half:] <= high)
    assert inside[p[half:] > 0.3].mean() == pytest.approx(0.8, abs=0.02)


def test_the_error_of_buyers_mean_widens_the_interval_of_each() -> None:
    # Log-normal spends of .6 in logs; that of an origin's buyers' mean is .3, which Student's t with 2 degrees of
    # freedom takes for .3 x 1.886 / 1.2816 = .44: .74 together, and the 90th percentile lies 1.2816 of it away.
    rng = np.random.default_rng(5)
    spent, p = [np.exp(rng.normal(0, 0.6, 50_000)) for _ in range(2)], [np.full(50_000, 1.0)] * 2
    value = [np.full(50_000, one.mean() * np.exp(off)) for one, off in zip(spent, (-0.3, 0.3), strict=True)]
    band = conformal.calibrate(spent, value, p)
    low, middle, high = (band.quantile(q, np.ones(1), np.ones(1), 1.0)[0] for q in (0.1, 0.5, 0.9))
    assert np.log(high / middle) == pytest.approx(1.2816 * 0.74, abs=0.04)
    assert np.log(middle / low) == pytest.approx(1.2816 * 0.74, abs=0.04)


def test_perfectly_regular_buyers_have_an_interval_around_their_mean() -> None:
    # All bring 60.00, though each was predicted to with a chance of .98: buyers' mean was too high by 3 to 4 %.
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


def test_the_own_spread_is_that_of_buying_at_all_and_of_what_is_spent() -> None:
    # A buyer spends 10 or 30, 20 on average: ratios .5 and 1.5, mean square 1.25. With a chance of .5 the mean is 10,
    # the mean square .5 x (100 + 900) / 2 = 250, the variance 150.
    band = conformal.calibrate([np.tile([10.0, 30.0], 100)], [np.full(200, 20.0)], [np.ones(200)])
    assert band.squares == pytest.approx([1.25])
    assert band.own_spread(np.array([10.0]), np.array([0.5]), 10.0) ** 2 == pytest.approx([150])


def test_one_buyer_whom_nobody_expected_does_not_widen_the_interval() -> None:
    spent, value, p = shop()
    p[0], spent[0] = 1e-9, 50.0
    with_surprise, without = (halves(spent[first:], value[first:], p[first:]) for first in (0, 1))
    assert np.median(with_surprise.ratios) == pytest.approx(np.median(without.ratios), rel=0.02)


def test_a_percentile_is_zero_where_not_buying_is_likelier_than_it() -> None:
    band = conformal.unmeasured()
    values = band.quantile(0.1, np.full(3, 50.0), np.array([0.89, 0.91, 1.0]), 50.0)
    assert values[0] == 0
    assert 0 < values[1] < values[2]


def test_the_lower_end_is_zero_from_one_in_ten_who_do_not_buy() -> None:
    low, high = conformal.unmeasured().bounds(np.full(2, 50.0), np.array([0.89, 0.95]), 50.0)
    assert low[0] == 0 < low[1]
    assert (high > 50).all()


def test_percentiles_are_ordered_and_finite() -> None:
    spent, value, p = shop(2000)
    band = halves(spent, value, p)
    p10, p50, p90 = (band.quantile(level, value, p, value.mean()) for level in (0.1, 0.5, 0.9))
    assert ((p10 >= 0) & (p10 <= p50) & (p50 <= p90) & np.isfinite(p90)).all()


def test_few_buyers_make_fewer_bins_and_none_the_assumed_spread() -> None:
    spent, value, p = shop(400)
    assert 1 <= len(conformal.calibrate([spent], [value], [p]).ratios) < 10
    assert conformal.calibrate([spent[:20]], [value[:20]], [p[:20]]) == conformal.unmeasured()
    assert conformal.calibrate([], [], []) == conformal.unmeasured()
    assert conformal.calibrate([np.zeros(9)], [value[:9]], [p[:9]]) == conformal.unmeasured()
