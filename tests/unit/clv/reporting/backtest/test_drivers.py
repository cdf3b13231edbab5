"""The section on drivers: charts if a model was trained, otherwise the reason why there are none."""

from __future__ import annotations

from pathlib import Path

import pytest
from synthetic_predictions import predictions

from clv.evaluation.backtest import comparison
from clv.reporting.backtest import drivers, report
from spark_jobs.explain import attribution, explained
from spark_jobs.models import registry

EXPLAINED = {
    "trained_for": "2011-09-10", "window_days": 90, "origin": "2011-08-11", "customers": 1000, "learned": True,
    "published": "perennial", "mean_forecast": 120.4,
    "importance": {"recency": 45.2, "order_value": 12.0, "refunds": 0.0},
    "dependence": [
        {"driver": "recency", "column": "days_since_last_order", "customers": 1000, "at": [5.0, 280.0],
         "mean": [310.0, 41.0], "chance": [0.62, 0.12]},
        {"driver": "refunds", "column": "refund_share", "customers": 400, "at": [0.0, 0.25],
         "mean": [110.0, 100.0], "chance": [0.4, 0.3]},
    ],
}  # fmt: skip


def test_the_section_names_the_strongest_driver_and_describes_each() -> None:
    found = drivers.section({"explained": EXPLAINED})
    assert found is not None
    assert "1,000 customers of 2011-08-11 and the 90 days after" in found["words"]
    first, recency, refunds = found["charts"]
    assert first.words == (
        "Time since the last order matters most: it changes a customer's forecast by 45.2 on average, "
        "where the mean forecast is 120."
    )
    assert "value of an order" in first.svg
    assert "refunds" not in first.svg  # they have no effect
    assert recency.words == (
        "Customers with their last order 5 days ago have a mean forecast of 310, and 62\u00a0% are expected to order; "
        "at 280 the mean is 41, and 12\u00a0% are."
    )
    assert "at 25\u00a0% the mean is 100" in refunds.words


@pytest.mark.parametrize(
    ("of", "words"),
    [
        (
            {"published": "trailing", "learned": True},
            "trailing spend was better at everything, so",
        ),
        ({"published": "perennial", "learned": False}, "too little data to train a model"),
        ({"learned": False}, "too little data to train a model"),
    ],
)
def test_a_published_rule_is_named_instead_of_the_model(of: dict, words: str) -> None:
    found = drivers.section({"explained": {"trained_for": "2011-09-10", "window_days": None, **of}})
    assert found is not None
    assert words in found["words"]
    assert found["charts"] == []


def test_no_chart_is_drawn_when_no_driver_has_an_effect() -> None:
    found = drivers.section({"explained": EXPLAINED | {"importance": {"refunds": 0.0}, "dependence": []}})
    assert found is not None
    assert found["charts"] == []


def test_without_a_forecast_there_is_no_section() -> None:
    assert drivers.section({}) is None
    assert drivers.section({"explained": None}) is None


def test_all_that_training_names_has_words() -> None:
    assert set(drivers.DRIVERS) == set(attribution.DRIVERS)
    assert set(drivers.COLUMNS) == {alteration.column for alteration in explained.COLUMNS.values()}
    assert all(registry.named(name).RESTS_ON for name in registry.names())


def test_the_page_shows_the_section(tmp_path: Path) -> None:
    frame = predictions(customers=60)
    result = comparison.compare(frame) | {"explained": EXPLAINED}
    text = report.write(result, frame, tmp_path, []).read_text()
    assert "What drives the forecast" in text
    assert text.count("<svg") == 6 + 3
