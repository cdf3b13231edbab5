"""The learned forecasters that need no Spark."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import xgboost
from customers import customers
from scipy.special import expit

from spark_jobs.models import registry
from spark_jobs.models.forecaster import Customers, Past
from spark_jobs.models.learned import bagged_trees, gradient_boosting, shrunken_logistic, xgboost_hurdle

NAMES = ["bagged_trees", "gradient_boosting", "shrunken_logistic", "xgboost_hurdle", "xgboost_tweedie"]


def past_of(log_odds: np.ndarray) -> Past:
    """Returns customers whose window of 90 days had closed by the date; those who ordered spent 10 each."""
    n = len(log_odds)
    columns, bought = customers(n), (np.random.default_rng(1).random(n) < expit(log_odds)) * 1.0
    columns |= {"orders_next_90": bought, "revenue_next_90": 10 * bought}
    return Past(90, date(2024, 6, 1), columns, np.arange(n), np.zeros(n, np.int64), columns)


def of_orders(n: int) -> Past:
    """Returns customers who order the more probably, the more often they ordered within the last 90 days."""
    return past_of(3 * (np.log1p(customers(n)["orders_90"]) - 1))


@pytest.mark.parametrize("name", NAMES)
def test_a_fit_is_restored_and_depends_on_the_customers_alone(name: str) -> None:
    past = of_orders(600)
    order = np.random.default_rng(2).permutation(600)
    shuffled = {column: values[order] for column, values in past.columns.items()}
    found, left_out = registry.fit([name], past)
    assert not left_out
    assert registry.fit([name], replace(past, columns=shuffled, customer=past.customer[order]))[0] == found
    predicted = registry.predict(
        name, registry.read(name, json.loads(json.dumps(found[name]))), Customers(past.known, 90)
    )
    often = past.known["orders_90"] > 2
    if name != "xgboost_tweedie":
        assert predicted.chance is not None
        assert predicted.chance[often].mean() > predicted.chance[~often].mean() + 0.2
    assert predicted.mean[often].mean() > predicted.mean[~often].mean() + 2
    assert predicted.mean.sum() == pytest.approx(past.columns["revenue_next_90"].sum(), rel=0.1)


def test_a_bagged_tree_predicts_the_mean_of_the_customers_drawn() -> None:
    inputs, spent = np.array([[0.0], [0.0], [1.0], [1.0]]), np.array([1.0, 3.0, 10.0, 20.0])
    tree = bagged_trees._grown(xgboost.QuantileDMatrix(inputs, spent), spent, np.array([20, 20, 60, 20]))
    assert tree.of(np.array([[0.0], [1.0]])) == pytest.approx([(1 + 3) / 2, (3 * 10 + 20) / 4])


def test_a_customer_is_drawn_with_the_examples_of_all_origins(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = []
    monkeypatch.setattr(bagged_trees, "_grown", lambda _bins, _label, weight: weights.append(weight))
    past = of_orders(600)
    bagged_trees.fit(replace(past, customer=np.arange(600) // 2, origin=np.arange(600) % 2))
    assert len(weights) == 2 * bagged_trees.BAGS
    for weight in weights:
        assert sorted(weight[:300]) == sorted(weight[300:])  # the examples of one origin, then those of the other
        assert weight.sum() == 600


def test_a_regression_is_shrunk_the_more_the_less_there_is_to_learn() -> None:
    chance, clear = shrunken_logistic.fit(past_of(np.zeros(400))), shrunken_logistic.fit(of_orders(4000))
    assert chance.penalty == max(shrunken_logistic.PENALTIES) > clear.penalty
    predicted = chance.predict(Customers(customers(400), 90)).chance
    assert predicted is not None
    assert predicted.std() < 0.1


def test_trees_of_gradient_boosting_learn_squares_and_log_loss() -> None:
    found = gradient_boosting.fit(of_orders(600))
    objectives = [json.loads(part.trees)["learner"]["objective"]["name"] for part in (found.spend, found.buy) if part]
    assert objectives == ["reg:squarederror", "binary:logistic"]


def test_a_hurdle_multiplies_the_chance_and_what_a_buyer_spends() -> None:
    past = of_orders(600)
    found = xgboost_hurdle.fit(past)
    predicted = found.predict(Customers(past.known, 90))
    assert found.buy is not None
    assert predicted.chance == pytest.approx(found.buy.of(past.known))
    # Each buyer spent 10.
    assert predicted.mean == pytest.approx(10 * found.buy.of(past.known), rel=0.01)
