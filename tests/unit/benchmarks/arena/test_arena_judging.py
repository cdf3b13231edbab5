"""What the arena counts, from two results written by hand."""

from __future__ import annotations

import re

import pytest

from benchmarks.arena import judging


def result(rmse: float, auc: float, significant: bool) -> dict:
    """A result with two metrics against a baseline of RMSE 10 and AUC .7."""
    ours, theirs = {"rmse": rmse, "auc": auc}, {"rmse": 10.0, "auc": 0.7}
    return {
        "origins": ["2024-01-01"],
        "models": {
            "perennial": {"mean": ours, "by_origin": {}},
            "time_decay": {"mean": theirs, "by_origin": {}},
            "trailing": {"mean": {"rmse": 12.0, "auc": None}, "by_origin": {}},
        },
        "against_best_baseline": {
            "rmse": against(rmse - 10.0, rmse < 10, significant),
            "auc": against(auc - 0.7, auc > 0.7, significant),
        },
        "coverage": {
            "by_origin": {
                "2024-01-01": {"coverage": 0.93, "expected": 0.925, "likely": 0.25, "coverage_of_likely": None}
            }
        },
        "level": {"2024-01-01": {"signed_bias": {"perennial": -0.125}}},
    }


def against(difference: float, better: bool, significant: bool) -> dict:
    ends = {"low": difference - 0.5, "high": difference + 0.5}
    return {"baseline": "time_decay", "difference": difference, "better": better, "significant": significant, **ends}


RESULTS = {"A 90": result(9.0, 0.7, True), "B 180": result(11.0, 0.6, False)}


def test_a_cell_is_ahead_from_equality_on():
    found = {cell.metric: cell for cell in judging.cells(RESULTS["A 90"])}
    assert list(found) == ["rmse", "auc"]
    assert (found["rmse"].ours, found["rmse"].best, found["rmse"].name) == (9.0, 10.0, "time_decay")
    assert (found["rmse"].difference, found["rmse"].interval) == (-1.0, (-1.5, -0.5))
    assert found["rmse"].result == "ahead, significant"
    assert found["auc"].ahead
    assert [cell.result for cell in judging.cells(RESULTS["B 180"])] == ["behind", "behind"]


def test_cells_of_all_shops_are_counted():
    worse = {"C 90": result(11.0, 0.8, True)}
    assert judging.summary(RESULTS) == {
        "cells": 4, "at least equal": 2, "significantly better": 2, "significantly worse": 0,
    }  # fmt: skip
    assert judging.summary(worse) == {
        "cells": 2, "at least equal": 1, "significantly better": 1, "significantly worse": 1,
    }  # fmt: skip


def test_the_report_says_coverage_and_bias_by_origin():
    text = judging.report(RESULTS)
    assert re.search(r"A 90: 2024-01-01\n  RMSE +9.0000 +10.00 time_decay +ahead, significant\n", text)
    assert re.search(r"  coverage by origin +0.930\n  expected by origin +0.925\n  likely by origin +0.250\n", text)
    assert re.search(r"  coverage of likely by origin +–\n  bias by origin +-0.125\n", text)
    assert text.endswith("cells: 4  at least equal: 2  significantly better: 2  significantly worse: 0")


@pytest.mark.parametrize(("value", "text"), [(0.12345, "0.1235"), (12.345, "12.35"), (12345.6, "12,346")])
def test_figures_have_about_four_digits(value: float, text: str):
    assert judging.number(value) == text
