from __future__ import annotations

import numpy as np
import pytest

from spark_jobs import metrics

Y = np.array([0.0, 0, 10, 30])


def test_errors_and_bias_of_a_small_forecast() -> None:
    f = np.array([5.0, 0, 10, 20])
    assert metrics.wape(Y, f) == pytest.approx(15 / 40)
    assert metrics.bias(Y, f) == pytest.approx(-5 / 40)
    assert metrics.rmse(Y, f) == pytest.approx(np.sqrt(125 / 4))


def test_saying_nothing_scores_a_wape_of_one() -> None:
    assert metrics.wape(Y, np.zeros(4)) == 1


def test_ranks_count_for_gini_and_ties_are_worth_nothing() -> None:
    assert metrics.gini(Y, Y * 7) == pytest.approx(1)
    assert metrics.gini(Y, -Y) == pytest.approx(-1)
    assert metrics.gini(Y, np.ones(4)) == pytest.approx(0)


def test_auc_counts_pairs() -> None:
    bought, p = np.array([0, 1, 0, 1]), np.array([0.1, 0.2, 0.2, 0.9])
    assert metrics.auc(bought, p) == pytest.approx(3.5 / 4)


def test_brier_log_loss_and_top_capture() -> None:
    bought, p = np.array([0.0, 1.0]), np.array([0.5, 0.5])
    assert metrics.brier(bought, p) == 0.25
    assert metrics.log_loss(bought, p) == pytest.approx(np.log(2))
    assert metrics.top_capture(Y, np.array([0.0, 3, 1, 2]), share=0.5) == pytest.approx(0.75)


def test_tweedie_deviance_is_zero_for_the_truth_only() -> None:
    y = np.array([1.0, 4.0])
    assert metrics.tweedie_deviance(y, y) == pytest.approx(0)
    assert metrics.tweedie_deviance(y, y * 1.2) > 0
    # power 1.5 by hand for y = 1, f = 4: 2 (-4 + 2 / 2 + 2 * 2) = 2
    assert metrics.tweedie_deviance(np.array([1.0]), np.array([4.0])) == pytest.approx(2)


def test_an_empty_outcome_gives_no_division_by_zero() -> None:
    nothing = np.zeros(3)
    assert set(metrics.of_money(nothing, np.ones(3)).values()) <= {0.0, 1.0}
