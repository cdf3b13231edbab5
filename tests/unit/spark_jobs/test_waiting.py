"""The day of the next order, on customers whose day can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from customers import FIT, customers
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_jobs import waiting
from spark_jobs.columns import Columns


def regular(silent: list[float], gap: float = 30.0, orders: float = 9.0, spread: float = 0.0) -> Columns:
    """Customers of one rhythm, silent for so many days."""
    n, passed = len(silent), (orders - 1) * gap
    kept = {"days_with_orders": orders, "recency": passed, "gap_mean": gap, "gap_std": spread}
    columns = {**customers(n), **{name: np.full(n, value) for name, value in kept.items()}}
    return columns | {"t": passed + np.array(silent), "days_since_last_order": np.array(silent)}


def test_whoever_orders_every_thirty_days_does_so_thirty_days_after_the_last_order() -> None:
    columns = regular([1, 10, 29])
    chances = {90: np.full(3, 0.97), 365: np.full(3, 0.98)}
    found = waiting.days_to_next_order(FIT, columns, chances, waiting.gap_variation(columns))
    assert found.tolist() == [29, 20, 1]


def test_the_day_lies_in_the_horizon_whose_chance_reaches_a_half() -> None:
    columns = customers(4)
    chances = {90: np.array([0.5, 0.49, 0.1, 0.2]), 365: np.array([0.5, 0.5, 0.499, 0.99])}
    found = waiting.days_to_next_order(FIT, columns, chances, 1.0)
    assert found[0] == 89  # the chance is a half at the horizon's end, so on its last day
    assert found[1] == 364
    assert np.isnan(found[2])
    assert 90 <= found[3] < 365


def test_without_a_rhythm_the_chance_rises_as_the_anchors() -> None:
    # One order each: of the chance within 90 days, .8, a half is reached where the anchor's is .5 / .8 of its own.
    columns = customers(1) | {"days_with_orders": np.ones(1), "gap_mean": np.full(1, np.nan)}
    day = waiting.days_to_next_order(FIT, columns, {90: np.array([0.8])}, 0.0)[0]
    shape = waiting.shape_of(FIT, columns, [90], 0.0)
    wanted = shape.at(np.array([90.0]))[0] * 0.5 / 0.8
    assert shape.at(np.array([day]))[0] < wanted <= shape.at(np.array([day + 1]))[0]


def test_a_silence_beyond_the_rhythm_makes_it_count_for_nothing() -> None:
    columns = regular([300.0], spread=3.0)
    assert waiting.shape_of(FIT, columns, [90], 0.0).weight == pytest.approx([0])


def test_the_variation_of_a_shops_gaps_counts_each_customer_by_its_gaps_but_one() -> None:
    # squared variations .25 of four gaps and 1 of two; one gap alone has none: (3 x .25 + 1 x 1) / 4
    columns = {
        "days_with_orders": np.array([5.0, 3.0, 2.0, 1.0]),
        "gap_mean": np.array([10.0, 20.0, 7.0, np.nan]),
        "gap_std": np.array([5.0, 20.0, np.nan, np.nan]),
    }
    assert waiting.gap_variation(columns) == pytest.approx(0.4375)
    assert waiting.gap_variation({name: array[2:] for name, array in columns.items()}) == 1


@given(seed=st.integers(0, 10_000), variation=st.floats(0, 3))
@settings(max_examples=25, deadline=None)
def test_days_agree_with_the_chances_whatever_they_are(seed: int, variation: float) -> None:
    columns = customers(50, seed)
    drawn = np.sort(np.random.default_rng(seed).random((3, 50)), axis=0)
    chances = dict(zip((90, 180, 365), drawn, strict=True))
    found = waiting.days_to_next_order(FIT, columns, chances, variation)
    for horizon, chance in chances.items():
        assert ((np.nan_to_num(found, nan=np.inf) < horizon) == (chance >= 0.5)).all()
    assert (found[~np.isnan(found)] >= 0).all()
