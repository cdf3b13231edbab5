"""The day of the next order, on customers whose day can be worked out by hand."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from customers import FIT, customers
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_jobs.ensemble import next_order
from spark_jobs.ensemble.calibration import Daily
from spark_jobs.ensemble.next_order import Timing
from spark_jobs.ensemble.season_time import Clock
from spark_jobs.features.columns import YEAR, Columns

EXACT_GAPS = Timing(0.0)  # a shop whose customers' gaps are exact to the day
# The same shop with half the revenue during the next half-year.
SLACK = Timing(0.0, Clock((0.5,) * 183 + ((YEAR - 0.5 * 183) / 182,) * 182))


def regular(silent: list[float], gap: float = 30.0, orders: float = 9.0, spread: float = 0.0) -> Columns:
    """Customers with one gap between orders, each silent for so many days."""
    n, passed = len(silent), (orders - 1) * gap
    kept = {"days_with_orders": orders, "recency": passed, "gap_mean": gap, "gap_std": spread}
    columns = {**customers(n), **{name: np.full(n, value) for name, value in kept.items()}}
    return columns | {"t": passed + np.array(silent), "days_since_last_order": np.array(silent)}


def test_a_customer_with_gaps_of_thirty_days_orders_thirty_days_after_the_last_order() -> None:
    columns = regular([1, 10, 29])
    chances = {90: np.full(3, 0.97), 365: np.full(3, 0.98)}
    found = next_order.days_to_next_order(FIT, columns, chances, Timing(next_order.gap_variation(columns)))
    assert found.tolist() == [29, 20, 1]


def test_the_day_lies_in_the_horizon_whose_probability_reaches_a_half() -> None:
    columns = customers(4)
    chances = {90: np.array([0.5, 0.49, 0.1, 0.2]), 365: np.array([0.5, 0.5, 0.499, 0.99])}
    found = next_order.days_to_next_order(FIT, columns, chances, Timing())
    assert found[0] == 89  # the probability is a half at the horizon's end, so the day is its last one
    assert found[1] == 364
    assert np.isnan(found[2])
    assert 90 <= found[3] < 365


def test_without_a_rhythm_the_probability_follows_the_anchor() -> None:
    # Each customer has one order. Of the probability .8 within 90 days, a half is reached where the curve has .5 / .8
    # of its own value at 90 days.
    columns = customers(1) | {"days_with_orders": np.ones(1), "gap_mean": np.full(1, np.nan)}
    day = next_order.days_to_next_order(FIT, columns, {90: np.array([0.8])}, EXACT_GAPS)[0]
    curve = next_order.order_curve(FIT, columns, [90], EXACT_GAPS)
    wanted = curve.at(np.array([90.0]))[0] * 0.5 / 0.8
    assert curve.at(np.array([day]))[0] < wanted <= curve.at(np.array([day + 1]))[0]


def test_a_rhythm_has_no_weight_after_a_much_longer_silence() -> None:
    columns = regular([300.0], spread=3.0)
    assert next_order.order_curve(FIT, columns, [90], EXACT_GAPS).weight == pytest.approx([0])


def test_the_shops_variation_weighs_customers_by_their_gaps_minus_one() -> None:
    # Squared variations are .25 for four gaps and 1 for two; a single gap has none: (3 x .25 + 1 x 1) / 4.
    columns = {
        "days_with_orders": np.array([5.0, 3.0, 2.0, 1.0]),
        "gap_mean": np.array([10.0, 20.0, 7.0, np.nan]),
        "gap_std": np.array([5.0, 20.0, np.nan, np.nan]),
    }
    assert next_order.gap_variation(columns) == pytest.approx(0.4375)
    assert next_order.gap_variation({name: array[2:] for name, array in columns.items()}) == 1


def test_random_orders_come_later_in_a_slack_season() -> None:
    # Each customer has one order. The slack half of the year comes first, and the busy half makes up for it.
    columns = customers(3) | {"days_with_orders": np.ones(3), "gap_mean": np.full(3, np.nan)}
    chances = {365: np.full(3, 0.8)}
    slack, exact = (next_order.days_to_next_order(FIT, columns, chances, common) for common in (SLACK, EXACT_GAPS))
    assert (slack > exact + 20).all()


def test_gaps_follow_the_season_unless_they_are_more_even_than_season_time() -> None:
    # The first customer orders every 30 days exactly, the second irregularly. A silence of 10 days counts as 9.5,
    # because orders lie in the middle of a day. In season time it is half as much again, after a busy half-year.
    columns = regular([10, 10], spread=15.0)
    kept = next_order.order_curve(FIT, {**columns, "gap_std": np.array([0.0, 15.0])}, [365], SLACK)
    assert kept.seasonal == pytest.approx([0, 1])
    assert kept.silence == pytest.approx([9.5, 9.5 * (YEAR - 0.5 * 183) / 182])
    found = next_order.days_to_next_order(FIT, regular([10]), {90: np.full(1, 0.97)}, SLACK)
    assert found.tolist() == [20]


def test_a_yearly_gap_ends_a_year_after_the_last_order_in_any_season() -> None:
    columns = regular([30], gap=float(YEAR), orders=5, spread=40.0)
    found = next_order.days_to_next_order(FIT, columns, {365: np.full(1, 0.97)}, SLACK)
    assert found[0] == pytest.approx(YEAR - 30, abs=25)
    curve = next_order.order_curve(FIT, columns, [365], SLACK)
    left = YEAR - curve.silence[0] - 0.5  # days of season time
    assert curve.clock.passed(np.array([YEAR - 30.0]))[0] == pytest.approx(left, abs=1)


def test_in_a_seasonal_shop_half_order_by_their_day_near_or_far() -> None:
    # Two years of random orders, at each customer's own rate times the shop's season, which peaks in December at five
    # times its minimum. In the third year every probability is known. On the calendar, the days would be too late for
    # those who order soon: .68 of the first quarter had ordered by their day.
    drawn, n, past = np.random.default_rng(1), 2000, 2 * YEAR
    pace = np.exp(0.8 * np.cos(2 * np.pi * (np.arange(past + YEAR) + 15) / YEAR))
    pace /= pace[-YEAR:].mean()
    first, rate = drawn.integers(0, past - 60, n), drawn.gamma(1.2, 1 / 90, n) + 1e-4
    ordered = drawn.random((n, past + YEAR)) < -np.expm1(-rate[:, None] * pace)
    ordered[np.arange(n), first] = True
    ordered &= np.arange(past + YEAR) >= first[:, None]
    days = [np.flatnonzero(row) for row in ordered[:, :past]]
    gaps = [np.diff(row) for row in days]
    columns = customers(n) | {
        "days_with_orders": np.array([len(row) for row in days], float),
        "t": past - first.astype(float),
        "recency": np.array([row[-1] - row[0] for row in days], float),
        "gap_mean": np.array([gap.mean() if len(gap) else np.nan for gap in gaps]),
        "gap_std": np.array([gap.std(ddof=1) if len(gap) > 1 else np.nan for gap in gaps]),
    }
    new = ordered & (np.arange(past + YEAR) < first[:, None] + 90)
    day = date(2024, 1, 1)
    daily = Daily(day - timedelta(days=past), *(10.0 * which[:, :past].sum(axis=0) for which in (ordered, new)))
    chances = {horizon: -np.expm1(-rate * pace[past : past + horizon].sum()) for horizon in (90, 180, 365)}
    actual = np.where(ordered[:, past:].any(axis=1), ordered[:, past:].argmax(axis=1), np.inf)

    def by_quarter(common: Timing) -> list[float]:
        found = next_order.days_to_next_order(FIT, columns, chances, common)
        dated = np.argsort(found, kind="stable")[: int(np.isfinite(found).sum())]
        return [float((actual[rows] <= found[rows]).mean()) for rows in np.array_split(dated, 4)]

    variation = next_order.gap_variation(columns)
    season = next_order.timing(columns, daily, day)
    assert all(0.45 <= share <= 0.55 for share in by_quarter(season)), by_quarter(season)
    assert by_quarter(Timing(variation))[0] > 0.6, by_quarter(Timing(variation))


@given(seed=st.integers(0, 10_000), variation=st.floats(0, 3), slack=st.floats(0.1, 1))
@settings(max_examples=25, deadline=None)
def test_a_curve_never_falls(seed: int, variation: float, slack: float) -> None:
    rates = (slack,) * 100 + ((YEAR - 100 * slack) / 265,) * 265
    curve = next_order.order_curve(FIT, customers(50, seed), [90, 500], Timing(variation, Clock(rates)))
    chances = np.array([curve.at(np.full(50, float(day))) for day in range(0, 501, 5)])
    assert chances[0] == pytest.approx(np.zeros(50), abs=1e-12)
    assert (np.diff(chances, axis=0) >= -1e-12).all()
    assert (chances[-1] <= 1).all()


@given(seed=st.integers(0, 10_000), variation=st.floats(0, 3), slack=st.floats(0.1, 1))
@settings(max_examples=25, deadline=None)
def test_days_agree_with_any_probabilities(seed: int, variation: float, slack: float) -> None:
    columns = customers(50, seed)
    common = Timing(variation, Clock((slack,) * 100 + ((YEAR - 100 * slack) / 265,) * 265))
    drawn = np.sort(np.random.default_rng(seed).random((3, 50)), axis=0)
    chances: dict[int, np.ndarray] = dict(zip((90, 180, 365), drawn, strict=True))
    found = next_order.days_to_next_order(FIT, columns, chances, common)
    for horizon, chance in chances.items():
        assert ((np.nan_to_num(found, nan=np.inf) < horizon) == (chance >= 0.5)).all()
    assert (found[~np.isnan(found)] >= 0).all()
