"""What drives the forecast, on models whose only driver is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from customers import FIT, customer
from forecasting import trained
from scipy.special import expit

from spark_jobs.ensemble import blending, forecast, parts
from spark_jobs.ensemble.calibration import Daily
from spark_jobs.ensemble.forecast import Model
from spark_jobs.ensemble.level import Level
from spark_jobs.ensemble.parts import Trained
from spark_jobs.explain import altered, attribution, explained
from spark_jobs.features.columns import Columns
from spark_jobs.models import anchor

DAY = date(2024, 6, 1)
DAILY = Daily(DAY - timedelta(days=100), np.full(100, 100.0), np.full(100, 30.0))


@pytest.fixture(scope="module")
def columns() -> Columns:
    """Customers with random orders."""
    rng = np.random.default_rng(3)
    made = [
        customer(*zip(rng.choice(800, rng.integers(1, 9), replace=False) + 1, rng.gamma(3, 20, 9), strict=False))
        for _ in range(150)
    ]
    return {name: np.concatenate([one[name] for one in made]) for name in made[0]}


def explain(of: Trained, columns: Columns) -> dict:
    model = Model("v", [90], {90: of})
    common = forecast.settings_of(model, FIT, columns, DAILY, DAY)
    return explained.explain(model, FIT, columns, common, DAY.isoformat())[90]


def test_a_forecast_of_last_years_spend_has_only_the_drivers_of_spend(columns: Columns) -> None:
    own = replace(trained(columns), value_weights=dict.fromkeys(blending.USUAL, 0.0) | {"trailing_year": 1.0})
    found = explain(own, columns)
    sizes = found["importance"]
    assert set(sizes) == set(attribution.DRIVERS)
    assert {driver for driver, size in sizes.items() if size} == {"frequency", "order_value", "recent_spend"}
    curve = next(curve for curve in found["dependence"] if curve["column"] == "revenue_90")
    assert curve["customers"] == (columns["revenue_90"] > 0).sum()
    assert curve["at"] == sorted(curve["at"])
    assert curve["mean"] == sorted(curve["mean"])
    assert found["customers"] == 150


def test_dependence_is_the_mean_over_customers_with_the_same_value(columns: Columns) -> None:
    own = replace(trained(columns), chance_weights={"anchor": 1.0, "boosted": 0.0, "regression": 0.0})
    common = forecast.setting(own, parts.parts(own, FIT, columns, 90), Level(0.2, 0.14))
    found = explained.dependence("recency", own, FIT, columns, common, 90)
    assert found is not None
    last = found["at"][-1]
    by_anchor = anchor.probabilistic(FIT, altered.shifted_in_time(columns, last), 90)
    assert found["chance"][-1] == pytest.approx(expit(by_anchor.log_odds + common.shift).mean(), abs=1e-6)
    assert found["chance"] == sorted(found["chance"], reverse=True)


def test_a_column_that_hardly_varies_and_one_of_hardly_anybody_are_left_out(columns: Columns) -> None:
    own = trained(columns)
    common = forecast.setting(own, parts.parts(own, FIT, columns, 90), Level())
    assert explained.dependence("variety", own, FIT, columns, common, 90) is None
    assert explained.dependence("discounts", own, FIT, columns, common, 90) is None


def test_published_rules_and_untrained_windows_have_no_importance(columns: Columns) -> None:
    for own in (Trained(), replace(trained(columns), published="trailing")):
        found = explain(own, columns)
        assert (found["importance"], found["dependence"]) == ({}, [])
        assert found["published"] == own.published
        assert found["learned"] == (own.learners is not None)


def test_importance_is_in_the_money_of_the_forecast(columns: Columns) -> None:
    own = trained(columns)
    sizes = explain(own, columns)["importance"]
    model = Model("v", [90], {90: own})
    common = forecast.settings_of(model, FIT, columns, DAILY, DAY)
    predicted = forecast.forecast(model, FIT, columns, common, 0.1)[90].revenue
    distance = np.abs(predicted - predicted.mean()).mean()
    # The effects of a customer's drivers cannot be smaller in total than the customer's distance from the mean.
    assert distance <= sum(sizes.values()) < 4 * distance
