"""Reasons of a whole shop: they add up, explain most of each forecast, and also hold if little was learned."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from customers import FIT, customer
from forecasting import predictions_of, trained

from clv.core.declared import ANCHOR
from spark_jobs.ensemble.forecast import Forecast, Model, parts_by_window
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


def batch_of(
    rows: np.ndarray, revenue: np.ndarray, discount: np.ndarray, p: np.ndarray, rules: list | None = None
) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [pa.array(rows.tolist(), pa.list_(pa.float64())), pa.array(rules or [None] * len(rows), pa.string()),
         pa.array(p), pa.array(revenue), pa.array(discount)],
        ["explained", "rule", "p_purchase", "predicted_revenue", "discount_factor"],
    )  # fmt: skip


def given_reasons(made: Model, columns: Columns, horizon: int) -> tuple[Forecast, list[list], list[list]]:
    predictions = predictions_of(made, columns)[horizon]
    rows = explaining.explained(made, FIT, columns, horizon, predictions)
    assert rows.shape == (len(predictions.revenue), explaining.SIZE)
    parts = parts_by_window(made, FIT, columns)[made.base(horizon) or horizon]
    rules = reasons.rule(made, columns, horizon, parts)
    batch = batch_of(rows, predictions.revenue, predictions.discount_factor, predictions.p_purchase, rules)
    (valued, _), (risky, _) = explaining.give_reasons(batch, explaining.averages(explaining.sums(batch)), horizon)
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


def test_sums_over_customers_are_the_same_in_any_order_and_exact() -> None:
    rng = np.random.default_rng(3)
    rows = rng.normal(0, 1, (500, explaining.SIZE)) * 10.0 ** rng.integers(-6, 6, (500, 1))
    rows[:, explaining.FIGURES] = np.where(rng.random((500, len(reasons.FIGURES))) < 0.1, np.nan, rng.gamma(1, 50))
    numbers = rng.gamma(0.5, 1e4, 500).round(4), rng.random(500).round(6), rng.random(500).round(6)

    def total(order: np.ndarray) -> explaining.Sums:
        parts = np.array_split(order, 7)
        return sum((explaining.sums(batch_of(rows[part], *(each[part] for each in numbers))) for part in parts),
                   explaining.Sums())  # fmt: skip

    found = total(np.arange(500))
    assert found == total(rng.permutation(500))
    for name, weight in (("revenue", numbers[0]), ("chance", numbers[2]), ("money", numbers[0] * numbers[1])):
        for place in range(explaining.FIGURES.start):
            exact = sum(Decimal(float(value)) for value in weight * rows[:, place])
            assert float(Decimal(found.by_weight[name][1][place]) / explaining.UNIT - exact) == pytest.approx(
                0, abs=1e-9
            )
        known = ~np.isnan(rows[:, -1])
        assert found.by_weight[name][0][-1] / explaining.UNIT == pytest.approx(weight[known].sum())
    assert found.by_weight["alike"][0][0] == 500 * explaining.UNIT


def test_without_customers_there_is_no_average_customer() -> None:
    assert explaining.averages(explaining.Sums()).customers == 0
