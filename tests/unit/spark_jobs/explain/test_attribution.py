"""The contribution of each driver to a forecast: their sums, and known contributions of single drivers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from customers import FIT, customers
from forecasting import model, trained, trees

from clv.core.declared import ANCHOR
from spark_jobs.ensemble import blending, parts
from spark_jobs.ensemble.forecast import Model
from spark_jobs.ensemble.parts import Trained
from spark_jobs.explain import attribution
from spark_jobs.explain.attribution import DRIVERS
from spark_jobs.models import anchor
from spark_jobs.models.rules import rfm_cells


def spread(values: np.ndarray) -> float:
    """Returns the largest distance of values from a constant."""
    return float(np.ptp(values))


@pytest.mark.parametrize("with_forest", [False, True])
def test_drivers_add_up_to_the_blends_own_logs_but_for_a_constant(with_forest: bool) -> None:
    columns = customers()
    own = trained(columns, forest=trees(columns) if with_forest else None)
    money, chance = attribution.attribute(Model("v", trained={90: own}), FIT, columns, 90)
    found = parts.parts(own, FIT, columns, 90)
    logs = parts.weighted(own.value_weights, found.value(own.chance_weights))
    assert spread(money.sum(axis=1) - logs) < 1e-4  # boosters compute in single precision
    assert spread(chance.sum(axis=1) - parts.weighted(own.chance_weights, found.chance)) < 1e-4


def test_drivers_of_an_unlearned_model_add_up_too() -> None:
    columns = customers()
    money, chance = attribution.attribute(Model("v"), FIT, columns, 365)
    found = parts.parts(Trained(), FIT, columns, 365)
    assert spread(money.sum(axis=1) - parts.weighted(Trained().value_weights, found.value({}))) < 1e-9
    assert spread(chance.sum(axis=1) - found.by_anchor.log_odds) < 1e-9


def test_customers_predicted_alike_have_no_drivers() -> None:
    columns = customers()
    alone = {name: float(name == "alike") for name in blending.USUAL}
    made = Model("v", trained={90: replace(trained(columns), value_weights=alone)})
    assert not attribution.attribute(made, FIT, columns, 90)[0].any()


def test_a_long_silence_counts_against_a_customer_who_bought_once() -> None:
    columns = customers(2)
    columns |= {"days_with_orders": np.ones(2), "recency": np.zeros(2), "t": np.array([10.0, 700.0])}
    columns |= {"revenue_365": np.zeros(2)}
    for found in attribution.attribute(Model("v"), FIT, columns, 365):
        assert found[1, DRIVERS.index("recency")] < found[0, DRIVERS.index("recency")] < 0
        assert found[0, DRIVERS.index("frequency")] == pytest.approx(found[1, DRIVERS.index("frequency")])


def test_a_published_anchor_has_only_its_own_drivers() -> None:
    columns = customers()
    made = Model("v", trained={90: replace(trained(columns), published=ANCHOR)})
    found = attribution.attribute(made, FIT, columns, 90)[0]
    used = [driver for driver, effect in zip(DRIVERS, np.abs(found).sum(axis=0), strict=True) if effect]
    assert used == ["frequency", "order_value", "recency"]
    assert found.sum(axis=1) == pytest.approx(np.log(anchor.probabilistic(FIT, columns, 90).revenue))


@pytest.mark.parametrize("published", ["trailing_year", "rfm_cells"])
def test_a_published_rule_has_no_drivers_of_money(published: str) -> None:
    columns = customers()
    cells = rfm_cells.fit_cells(columns, np.ones(200), columns["revenue_total"]).to_json()
    made = Model("v", trained={90: replace(trained(columns), published=published, fitted={"rfm_cells": cells})})
    money, chance = attribution.attribute(made, FIT, columns, 90)
    assert not money.any()
    assert chance == pytest.approx(attribution.attribute(model(columns, 90), FIT, columns, 90)[1])


def test_the_average_customer_has_the_mean_forecast() -> None:
    # Forecasts of 1, 1 and 4 with one driver, which contributes their log: the mean forecast is 2.
    forecasts = np.array([1.0, 1.0, 4.0])
    rows = np.column_stack([np.log(forecasts), np.log(forecasts) + 5, [0.0, 3.0, 3.0]])
    found = attribution.average_customer(rows.mean(axis=0), forecasts @ rows / 6, np.log(2))
    # The mean of logs is log(4) / 3, and weighted by money 2 log(4) / 3. The log of the mean forecast lies half way.
    assert found[:2] == pytest.approx([np.log(2), np.log(2) + 5])
    assert found[2] == pytest.approx((2 + 2.5) / 2)


def test_effects_add_up_and_the_remainder_is_divided_by_their_size() -> None:
    # A forecast of 8 against a mean of 2 is a gap of log 4 = 2 log 2. The drivers contribute 2 log 2 and -.5 log 2. The
    # remaining half log 2 is divided 4 to 1, and a unit of log is worth 6 / log 4.
    two = np.log(2)
    found = attribution.effects(
        np.array([[2 * two, -two / 2]]), np.zeros(2), np.array([2 * two]), np.array([6.0]), np.ones(1)
    )
    assert found[0] == pytest.approx([2.4 * 3, -0.4 * 3, 0])
    assert found.sum() == pytest.approx(6)


def test_without_contributions_the_last_column_has_the_whole_effect() -> None:
    found = attribution.effects(np.zeros((2, 2)), np.zeros(2), np.array([1.0, 0.0]), np.array([5.0, 0.0]), np.ones(2))
    assert found.tolist() == [[0, 0, 5], [0, 0, 0]]
