from __future__ import annotations

import numpy as np
import pytest
from customers import FIT, customers
from scipy.special import expit

from spark_jobs.models import anchor, logistic


def window(seed: int, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Returns inputs of 1,500 customers and who bought. The probability follows twice the anchor's log-odds, plus a
    constant of the window."""
    columns = customers(1500, seed)
    by_anchor = anchor.probabilistic(FIT, columns, 90)
    bought = np.random.default_rng(seed).random(1500) < expit(2 * by_anchor.log_odds + shift)
    return logistic.inputs(FIT, columns, by_anchor, 90), bought * 1.0


def test_the_regression_finds_the_drivers_whatever_the_constants_of_windows() -> None:
    windows = [window(1), window(2, 1.5)]
    found = logistic.fit([inputs for inputs, _ in windows], [bought for _, bought in windows])
    assert found is not None
    columns = customers(1500, 3)
    by_anchor = anchor.probabilistic(FIT, columns, 90)
    odds = found.log_odds(logistic.inputs(FIT, columns, by_anchor, 90))
    assert np.corrcoef(odds, by_anchor.log_odds)[0, 1] > 0.9


def test_every_input_has_a_driver_and_terms_add_up() -> None:
    windows = [window(1), window(2)]
    found = logistic.fit([inputs for inputs, _ in windows], [bought for _, bought in windows])
    assert found is not None
    inputs = windows[0][0]
    assert inputs.shape[1] == len(logistic.DRIVERS)
    assert np.isfinite(inputs).all()
    assert found.terms(inputs).sum(axis=1) + found.intercept == pytest.approx(found.log_odds(inputs))


def test_an_input_that_never_varied_has_no_effect() -> None:
    windows = [window(1), window(2)]
    for inputs, _ in windows:
        inputs[:, 0] = 7.0
    found = logistic.fit([inputs for inputs, _ in windows], [bought for _, bought in windows])
    assert found is not None
    assert found.coefficients[0] == pytest.approx(0, abs=1e-9)


def test_an_input_that_hardly_varied_in_training_cannot_dominate_later() -> None:
    windows = [window(1), window(2)]
    for inputs, bought in windows:
        inputs[:, 0] = 1 - 1e-6 * bought
    found = logistic.fit([inputs for inputs, _ in windows], [bought for _, bought in windows])
    assert found is not None
    later = windows[0][0].copy()
    usual = found.log_odds(later)
    later[:, 0] = 0.0
    assert np.abs(found.log_odds(later) - usual).max() < 0.1


def test_one_window_or_few_buyers_are_too_little() -> None:
    inputs, bought = window(1)
    assert logistic.fit([inputs], [bought]) is None
    assert logistic.fit([inputs, inputs], [bought * 0, bought * 0]) is None
