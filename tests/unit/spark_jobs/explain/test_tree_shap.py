"""TreeSHAP by tables: a tree worked out by hand, and XGBoost's own values for trees of any depth."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xgboost

from spark_jobs.explain import tree_shap


def saved(*trees: dict) -> bytes:
    return json.dumps({"learner": {"gradient_booster": {"model": {"trees": trees}}}}).encode()


def test_a_tree_of_two_conditions_is_split_as_worked_out_by_hand() -> None:
    # a < 1: 10 (cover 2); else b < 5: 20 (cover 1), else 50 (cover 1)
    tree = {
        "left_children": [1, -1, 3, -1, -1], "right_children": [2, -1, 4, -1, -1], "split_indices": [0, 0, 1, 0, 0],
        "split_conditions": [1.0, 10.0, 5.0, 20.0, 50.0], "default_left": [1, 0, 0, 0, 0],
        "sum_hessian": [4.0, 2.0, 2.0, 1.0, 1.0],
    }  # fmt: skip
    inputs = np.array([[0, 9], [1, 9], [np.nan, 0], [3, np.nan]], np.float32)
    found = tree_shap.trees(saved(tree), (0, 1)).contributions(inputs)
    # Without inputs the mean is 22.5. With a >= 1 alone it is 35, with a < 1 it is 10; with b >= 5 alone 30, with
    # b < 5 alone 15. A missing a counts as less, a missing b as not less.
    assert found == pytest.approx(np.array([
        [((10 - 22.5) + (10 - 30)) / 2, ((30 - 22.5) + (10 - 10)) / 2],
        [((35 - 22.5) + (50 - 30)) / 2, ((30 - 22.5) + (50 - 35)) / 2],
        [((10 - 22.5) + (10 - 15)) / 2, ((15 - 22.5) + (10 - 10)) / 2],
        [((35 - 22.5) + (50 - 30)) / 2, ((30 - 22.5) + (50 - 35)) / 2],
    ]))  # fmt: skip
    assert tree_shap.trees(saved(tree), (0, 0)).contributions(inputs)[:, 0] == pytest.approx(found.sum(axis=1))


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 6])
def test_contributions_are_those_of_xgboost(depth: int) -> None:
    rng = np.random.default_rng(depth)
    inputs = rng.normal(0, 1, (600, 5)).astype(np.float32)
    label = inputs[:, 0] * inputs[:, 1] + np.sin(3 * inputs[:, 2]) + (inputs[:, 3] > 0)
    inputs[rng.random(inputs.shape) < 0.2] = np.nan
    rows = xgboost.DMatrix(inputs, label=label)
    booster = xgboost.train({"max_depth": depth, "nthread": 1, "min_child_weight": 3, "gamma": 0.5}, rows, 12)
    expected = booster.predict(rows, pred_contribs=True)
    found = tree_shap.trees(bytes(booster.save_raw("json")), tuple(range(5))).contributions(inputs)
    assert found == pytest.approx(expected[:, :-1], abs=1e-5)


def test_a_tree_of_one_leaf_contributes_nothing() -> None:
    leaf = {
        "left_children": [-1], "right_children": [-1], "split_indices": [0], "split_conditions": [2.0],
        "default_left": [0], "sum_hessian": [4.0],
    }  # fmt: skip
    assert tree_shap.trees(saved(leaf), (0,)).contributions(np.zeros((3, 1), np.float32)).tolist() == [[0.0]] * 3
