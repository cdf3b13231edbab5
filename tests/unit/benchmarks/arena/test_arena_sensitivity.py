"""How constants are varied, and what is said of a shop that is left out, from losses written by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.arena import sensitivity
from benchmarks.arena.sensitivity import AS_IS, Constant
from spark_jobs.ensemble import blending, combining
from spark_jobs.ensemble.combining import Evidence

# B is .02 better with the constant doubled; A is .01 worse, and C is .005 worse.
LOSSES = {
    AS_IS: {"A": 1.0, "B": 1.0, "C": 1.0},
    "halved": {"A": 1.03, "B": 1.0, "C": 1.0},
    "doubled": {"A": 1.01, "B": 0.98, "C": 1.005},
}


def test_numbers_and_tuples_are_multiplied_and_whole_numbers_stay_whole():
    folds = Constant("folds", combining, "FOLDS")
    assert (folds.times(0.5), folds.times(2.0)) == (2, 6)
    assert Constant("penalties", combining, "PENALTIES").times(2.0) == (0.6, 0.2, 0.06, 0.02, 0.0)
    assert Constant("errors", combining, "SIGNIFICANT").times(0.5) == 1.0


def test_weights_keep_their_sum():
    # .2, .25, .2, .2 and .15 with the second halved sum to .875.
    found = Constant("tweedie", blending, "USUAL", "tweedie").times(0.5)
    assert found["tweedie"] == pytest.approx(0.125 / 0.875)
    assert found["anchor"] == pytest.approx(0.2 / 0.875)
    assert list(found) == list(blending.USUAL)
    assert sum(found.values()) == pytest.approx(1)


def test_every_constant_can_be_varied():
    labels = [one.label for one in sensitivity.constants()]
    assert len(labels) == len(set(labels))
    assert "usual weight of the money, forest" not in labels  # twice nothing is nothing
    for constant in sensitivity.constants():
        assert constant.times(0.5) != constant.times(2.0)


def test_a_shop_that_is_left_out_has_the_variant_that_is_best_on_the_others():
    found = sensitivity.left_out(LOSSES)
    # Without A and without C, doubled is best; without B, nothing is better than the constant as it is.
    assert found == pytest.approx({"A": 1.0, "B": 0.0, "C": 0.5})


def test_the_table_has_mean_changes_and_the_worst_shop(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sensitivity, "constants", lambda: [Constant("folds", combining, "FOLDS")])
    row = sensitivity.report({"folds": LOSSES}).splitlines()[-1]
    assert row == "| folds | 3 | +1.00 % | −0.17 % | +0.50 % | +1.00 % A |"


def test_the_loss_is_the_mean_log_of_what_is_lost():
    spent, bought = np.array([0.0, 4.0, 2.0]), np.array([0.0, 1.0, 1.0])
    # RMSE √2. Shares of 2/6, 1 and 1 in the forecast's order, of 4/6, 1 and 1 in the best: 1 - (5/9) / (7/9) is lost.
    lost = [math.sqrt(2), 2 / 7, 0.5, 0.25]
    found = sensitivity.loss_of(spent, bought, np.array([1.0, 2.0, 3.0]), np.full(3, 0.5))
    assert found == pytest.approx(np.mean(np.log(lost)))


def test_weights_are_chosen_again_only_if_what_they_depend_on_changes(monkeypatch: pytest.MonkeyPatch):
    chosen: list[int] = []
    monkeypatch.setattr(combining, "chosen", lambda *_: chosen.append(1) or np.ones(1))
    holdouts = [Evidence(np.zeros((1, 2)), np.zeros(2), np.arange(2))]
    with sensitivity.computing_once():
        for folds in (3, 3, 6):
            monkeypatch.setattr(combining, "FOLDS", folds)
            assert combining.chosen(combining.chance_loss, holdouts, np.ones(1)) == 1
        combining.chosen(combining.chance_loss, holdouts, np.full(1, 0.5))
    assert len(chosen) == 3
