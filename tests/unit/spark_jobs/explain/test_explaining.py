"""Reasons of a whole shop: they add up, explain most of each forecast, and also hold if little was learned."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from customers import FIT, customer
from forecasting import predictions_of, trained

from clv.core.declared import ANCHOR
from spark_jobs.ensemble.forecast import Forecast, Model
from spark_jobs.explain import explaining, reasons
from spark_jobs.features.columns import Columns
from spark_jobs.models.rules import rfm_cells


@pytest.fixture(scope="module")
def columns() -> Columns:
    """Customers with their own gaps and order values, who stop ordering at some time."""
    rng = np.random.default_rng(4)
    made = []
    for _ in range(300):
        gap, value, days = rng.uniform(10, 150), rng.gamma(3, 20), []
        ago = rng.uniform(1, 900)
        while ago > 1 and len(days) < 30 and (not days or rng.random() < 0.85):
            days.append(int(ago))
            ago -= 1 + rng.exponential(gap)
        made.append(customer(*zip(days, rng.gamma(5, value / 5, len(days)) + 0.01, strict=True)))
    return {name: np.concatenate([one[name] for one in made]) for name in made[0]}


def means_of(rows: np.ndarray, predictions: Forecast) -> explaining.Averages:
    """Returns the average customers, computed as plain means."""
    rows = rows.copy()
    rows[:, explaining.FIGURES] = np.log1p(rows[:, explaining.FIGURES])
    known = ~np.isnan(rows)
    worth = predictions.revenue * predictions.discount_factor

    def mean(weight: np.ndarray) -> np.ndarray:
        total = np.maximum(weight @ known, 1e-300)
        return np.where(known.any(axis=0), weight @ np.where(known, rows, 0.0) / total, np.nan)

    means = {"alike": mean(np.ones(len(rows))), "money": mean(worth), "chance": mean(predictions.p_purchase)}
    return explaining.averages_of(
        len(rows), float(predictions.revenue.mean()), float(worth.mean()), float(predictions.p_purchase.mean()), means
    )  # fmt: skip


def given_reasons(made: Model, columns: Columns, horizon: int) -> tuple[Forecast, list[list], list[list]]:
    predictions = predictions_of(made, columns)[horizon]
    rows = explaining.explained(made, FIT, columns, horizon, predictions)
    assert rows.shape == (len(predictions.revenue), explaining.SIZE)
    rules = reasons.rule(made, FIT, columns, horizon) or [None] * len(rows)
    batch = pa.RecordBatch.from_arrays(
        [pa.array(rows.tolist()), pa.array(rules, pa.string()),
         pa.array(predictions.p_purchase), pa.array(predictions.revenue), pa.array(predictions.discount_factor)],
        ["explained", "rule", "p_purchase", "predicted_revenue", "discount_factor"],
    )  # fmt: skip
    valued, risky = explaining.give_reasons(batch, means_of(rows, predictions), horizon)
    return predictions, [json.loads(text) for text in valued], [json.loads(text) for text in risky]


def total(reasons_of: list[list]) -> np.ndarray:
    return np.array([sum(one["effect"] for one in each) for each in reasons_of])


@pytest.mark.parametrize("windows", [[], [90], [365]], ids=["unlearned", "extended", "learned"])
def test_named_effects_outweigh_the_rest_and_have_the_right_sign(columns: Columns, windows: list[int]) -> None:
    made = Model("v", trained={window: trained(columns, window) for window in windows})
    predictions, valued, risky = given_reasons(made, columns, 365)
    worth = predictions.revenue * predictions.discount_factor
    explanations = ((total(valued) * predictions.discount_factor, worth), (total(risky), -100 * predictions.p_purchase))
    for named, forecast in explanations:
        gap = forecast - forecast.mean()
        assert (np.abs(gap - named) < np.abs(named)).mean() >= 0.9
        assert (np.sign(named) == np.sign(gap)).mean() >= 0.9


def test_a_customer_with_few_reasons_is_explained_to_the_penny(columns: Columns) -> None:
    predictions, valued, _ = given_reasons(Model("v"), columns, 365)
    worth = predictions.revenue * predictions.discount_factor
    fully_explained = np.array([len(each) < 3 and "first order" in {one["group"] for one in each} for each in valued])
    gap = (worth - worth.mean()) / predictions.discount_factor
    assert fully_explained.any()
    rest = np.abs(gap - total(valued))[fully_explained]
    assert rest.max() < reasons.LEAST * np.abs(gap[fully_explained]).max()


def test_risk_is_explained_separately_from_value(columns: Columns) -> None:
    _, valued, risky = given_reasons(Model("v", trained={365: trained(columns, 365)}), columns, 365)
    first = [(one[0]["group"], two[0]["group"]) for one, two in zip(valued, risky, strict=True) if one and two]
    assert {"spend"} <= {group for group, _ in first}  # the value of an order determines money
    assert sum(group == "spend" for _, group in first) < 0.05 * len(first)  # but hardly anybody's risk


@pytest.mark.parametrize(
    ("published", "words"),
    [
        ("trailing", "spent in the last 90 days"),
        ("trailing_year", "spent in the last 365 days"),
        ("rfm_cells", "what customers of like recency, number of orders and spend brought"),
    ],
)
def test_a_published_rule_is_the_only_reason_for_the_money(columns: Columns, published: str, words: str) -> None:
    cells = rfm_cells.fit_cells(columns, np.ones(len(columns["t"])), columns["revenue_total"]).to_json()  # fmt: skip
    made = Model("v", trained={90: replace(trained(columns), published=published, fitted={"rfm_cells": cells})})
    predictions, valued, risky = given_reasons(made, columns, 90)
    worth = predictions.revenue * predictions.discount_factor
    assert total(valued) * predictions.discount_factor == pytest.approx(worth - worth.mean(), abs=0.02)
    assert {words in one["reason"] for each in valued for one in each} == {True}
    assert {len(each) for each in valued} <= {0, 1}
    assert {one["group"] for each in risky for one in each} >= {"first order", "rhythm", "recency"}


def test_the_published_anchor_is_explained_by_orders_and_their_value(columns: Columns) -> None:
    made = Model("v", trained={90: replace(trained(columns), published=ANCHOR)})
    _, valued, _ = given_reasons(made, columns, 90)
    assert {one["group"] for each in valued for one in each} <= {
        "first order",
        "rhythm",
        "recency",
        "ordering",
        "spend",
        "all",
    }


def test_equal_customers_have_no_reasons(columns: Columns) -> None:
    same = {name: np.repeat(array[:1], 40) for name, array in columns.items()}
    _, valued, risky = given_reasons(Model("v"), same, 365)
    assert valued == risky == [[]] * 40
