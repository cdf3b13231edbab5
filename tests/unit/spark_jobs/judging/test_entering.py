from __future__ import annotations

import pytest

from clv.core.declared import OURS
from spark_jobs.judging.entering import Entered, entered
from spark_jobs.models import registry


@pytest.fixture(autouse=True)
def three_forecasters(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule, a forecaster of 6 seconds per fit of 10,000 examples, and one of 30."""
    costs = {"slow": 30.0, "rule": 0.0, "quick": 6.0}
    monkeypatch.setattr(registry, "names", lambda: list(costs))
    monkeypatch.setattr(registry, "cost", costs.__getitem__)


def test_contestants_that_the_shop_names_all_enter_in_their_order() -> None:
    assert entered(["slow", OURS], 0, [10_000]) == Entered(["slow", OURS])


def test_auto_tries_the_blend_and_then_the_cheapest_within_the_minutes() -> None:
    # Two fits of 10,000 examples take 0, 0.2 and 1 minutes.
    assert entered("auto", 1.2, [10_000, 10_000]) == Entered([OURS, "rule", "quick", "slow"])
    assert entered("auto", 1.1, [10_000, 10_000]) == Entered([OURS, "rule", "quick"], {"slow": 1.0})
    assert entered("auto", 0, [10_000, 10_000]) == Entered([OURS, "rule"], {"quick": 0.2, "slow": 1.0})


def test_a_fit_costs_in_proportion_to_its_examples_and_a_small_one_as_much_as_of_10_000() -> None:
    # 1 + 3 fits of 10,000: 0.4 and 2 minutes.
    assert entered("auto", 1, [500, 30_000]) == Entered([OURS, "rule", "quick"], {"slow": 2.0})
