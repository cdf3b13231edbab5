"""Which forecaster is published: the blend, unless another contestant is better at all three figures."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from customers import FIT, customers

from spark_jobs.ensemble import parts
from spark_jobs.ensemble.parts import Trained
from spark_jobs.judging import promotion
from spark_jobs.judging.promotion import OURS, TUNED
from spark_jobs.models.rules import rfm_cells

ACTUAL = [np.array([0.0, 10.0, 40.0, 50.0]), np.array([0.0, 0.0, 30.0, 70.0])]


def scaled(by: float, order: int = 1) -> list[np.ndarray]:
    """Returns forecasts equal to the actuals times a factor, in their order or reversed."""
    return [by * actual[::order] for actual in ACTUAL]


def test_the_blend_is_published_unless_another_contestant_is_better_at_all_figures() -> None:
    predicted = {OURS: scaled(0.8), "trailing": scaled(0.9), "x": scaled(1, -1)}
    decision = promotion.decide(90, ["a", "b"], ACTUAL, predicted)
    assert decision.published == OURS  # trailing ranks equally well, and x is better at the total only


def test_the_best_contestant_is_published_under_its_own_name() -> None:
    predicted = {OURS: scaled(0.5, -1), "trailing": scaled(0.9), "trailing_year": scaled(0.95)}
    decision = promotion.decide(90, ["a", "b"], ACTUAL, predicted)
    assert decision.published == "trailing_year"
    rows = decision.as_rows()
    assert [row["contestant"] for row in rows if row["published"]] == ["trailing_year"]
    assert {row["origins"] for row in rows} == {"a, b"}
    assert rows[2]["bias"] == pytest.approx(0.05)


def test_each_contestant_is_measured_at_each_origin() -> None:
    decision = promotion.decide(90, ["2024-01-01", "2024-02-01"], ACTUAL, {OURS: scaled(0.5), "trailing": scaled(1.1)})
    decision = decision.with_measured(OURS, [{"auc": 0.75}, {"auc": 0.5}])
    rows = decision.measured_as_rows()
    first = {row["metric"]: row["value"] for row in rows if (row["origin"], row["contestant"]) == ("2024-01-01", OURS)}
    assert first == {
        "normalized_gini": pytest.approx(1),
        # Errors of 0, 5, 20 and 25 for actuals of 0, 10, 40 and 50.
        "rmse": pytest.approx((5**2 + 20**2 + 25**2) ** 0.5 / 2),
        "bias": pytest.approx(-0.5),
        "wape_of_mean": pytest.approx(0.5),
        "mae_of_mean": pytest.approx(12.5),
        "top_10_capture": pytest.approx(0.2),  # a tenth of four customers is .4 of the first one, who brought half
        "auc": 0.75,
    }
    assert len(rows) == 2 * 7 + 2 * 6
    assert {(row["contestant"], row["published"], row["horizon_days"]) for row in rows} == {
        (OURS, True, 90), ("trailing", False, 90),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("by", "published"),
    [(0.9, TUNED), (0.8, OURS), (0.7, OURS)],  # nearer to the actuals; equal; further from them
)
def test_a_challenger_is_promoted_only_if_it_is_nowhere_worse_and_somewhere_better(by: float, published: str) -> None:
    champion = promotion.decide(90, ["a", "b"], ACTUAL, {OURS: scaled(0.8), "trailing": scaled(0.5)})
    challenger = promotion.decide(90, ["a", "b"], ACTUAL, {OURS: scaled(by), "trailing": scaled(0.5)})
    decision, promoted = champion.challenged(challenger)
    assert promoted == (published == TUNED)
    assert decision.published == published
    assert [row["contestant"] for row in decision.as_rows()] == [OURS, TUNED, "trailing"]
    assert sum(row["published"] for row in decision.as_rows()) == 1
    detail = [row for row in decision.measured_as_rows() if row["published"] and row["metric"] == "bias"]
    assert [(row["contestant"], row["origin"]) for row in detail] == [(published, "a"), (published, "b")]


def test_a_challenger_that_ranks_worse_is_not_promoted() -> None:
    champion = promotion.decide(90, ["a", "b"], ACTUAL, {OURS: scaled(0.8)})
    reordered = [np.array([1.0, 10.0, 50.0, 40.0]), np.array([0.0, 0.0, 30.0, 70.0])]
    decision, promoted = champion.challenged(promotion.decide(90, ["a", "b"], ACTUAL, {OURS: reordered}))
    assert not promoted
    assert decision.published == OURS
    assert decision.figures[TUNED].error < decision.figures[OURS].error


def test_contestants_are_compared_in_the_order_of_the_setting() -> None:
    predicted = {OURS: scaled(0.8), "trailing": scaled(0.9), "x": scaled(0.7, -1)}
    for contestants, published in {(OURS,): OURS, ("x",): "x", ("x", "trailing"): "trailing", ("gone",): OURS}.items():
        decision = promotion.decide(90, ["a", "b"], ACTUAL, predicted, contestants)
        assert decision.published == published  # trailing beats x at all three figures
        assert OURS in decision.figures  # the blend is always measured


def test_rfm_cells_survive_saving_as_json() -> None:
    columns = customers(2000)
    cells = rfm_cells.fit_cells(columns, (columns["orders_90"] > 1) * 1.0, columns["revenue_90"])
    again = rfm_cells.from_json(json.loads(json.dumps(cells.to_json())))
    assert (again.of(columns)[0] == cells.of(columns)[0]).all()
    trained = replace(Trained(), published="rfm_cells", fitted={"rfm_cells": cells.to_json()})
    assert parts.parts(trained, FIT, columns, 90).other == pytest.approx(cells.of(columns)[0])
