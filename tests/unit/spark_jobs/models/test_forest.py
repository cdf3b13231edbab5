"""The forest of money: what it learns, and what it leaves to the calibration of the total."""

from __future__ import annotations

import numpy as np
import pytest

from spark_jobs.models import forest

INPUTS = np.repeat([[0.0], [1.0]], 100, axis=0)
SPENT = np.repeat([10.0, 30.0], 100)


def test_a_forest_predicts_the_mean_of_customers_alike_relative_to_all() -> None:
    found = forest.fit([INPUTS], [SPENT])
    assert found
    assert np.exp(found.log_money(np.array([[0.0], [1.0]]))) == pytest.approx([10 / 20, 30 / 20])


def test_the_season_of_a_window_is_not_learned() -> None:
    found = forest.fit([INPUTS, INPUTS, INPUTS], [SPENT, 7 * SPENT, 0 * SPENT])
    assert found
    assert np.exp(found.log_money(np.array([[0.0], [1.0]]))) == pytest.approx([0.5, 1.5])


def test_the_logarithm_of_nothing_is_bounded() -> None:
    found = forest.fit([INPUTS, INPUTS], [INPUTS[:, 0], INPUTS[:, 0]])
    assert found
    assert np.exp(found.log_money(np.array([[0.0], [1.0]]))) == pytest.approx([forest.LEAST, 2.0])


def test_too_few_buyers_give_no_forest() -> None:
    assert forest.fit([], []) is None
    assert forest.fit([INPUTS], [np.where(np.arange(200) < 99, 1.0, 0.0)]) is None


def test_the_same_examples_give_the_same_trees() -> None:
    rng = np.random.default_rng(0)
    inputs, spent = rng.normal(0, 1, (300, 4)), rng.gamma(1, 1, 300)
    assert forest.fit([inputs], [spent]) == forest.fit([inputs], [spent])
