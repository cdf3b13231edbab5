"""The sentences about the metrics."""

from __future__ import annotations

import copy

import pytest
from synthetic_predictions import predictions

from clv.evaluation.backtest import comparison, reading


@pytest.fixture(scope="module")
def found() -> dict:
    return comparison.compare(predictions(customers=150))


def reading_of(found: dict, **mean: float) -> list[str]:
    """The sentences for a result in which our means are replaced by these."""
    changed = copy.deepcopy(found)
    changed["models"]["perennial"]["mean"] |= mean
    return reading.sentences(changed)


def with_coverage(found: dict, **coverage: float | None) -> list[str]:
    """The sentences for a result in which these figures of the coverage are replaced."""
    return reading.sentences({**found, "coverage": {**found["coverage"], **coverage}})


@pytest.mark.parametrize(
    ("bias", "words"),
    [
        (0.1, "plan on the shop's total;"),
        (0.11, "plan on the shop's total with a margin of 11 %;"),
        (0.4, "do not plan on the shop's total, which was 40 % off on average"),
    ],
)
def test_the_headline_says_whether_to_plan_on_the_total(found: dict, bias: float, words: str) -> None:
    assert words in reading_of(found, bias=bias)[0]


@pytest.mark.parametrize(
    ("gini", "words"),
    [(0.8, "Trust the ranking"), (0.4, "Use with care the ranking"), (0.1, "Do not rely on the ranking")],
)
def test_the_headline_grades_the_ranking(found: dict, gini: float, words: str) -> None:
    assert reading_of(found, normalized_gini=gini)[0].startswith(words)


def test_the_headline_corrects_intervals_that_are_not_calibrated(found: dict) -> None:
    assert "rely on the 80 % intervals" in with_coverage(found, coverage=0.97, coverage_of_likely=0.8)[0]
    assert "read the 80 % intervals as 62 % intervals" in with_coverage(found, coverage_of_likely=0.62)[0]
    assert "intervals" not in with_coverage(found, likely=0.0, coverage_of_likely=None)[0]


def test_coverage_that_cannot_be_lower_is_explained(found: dict) -> None:
    unlikely = {"coverage": 0.971, "expected": 0.95, "likely": 0.25}
    text = next(s for s in with_coverage(found, **unlikely, coverage_of_likely=0.81) if "covered" in s)
    assert text.startswith(
        "The 80 % intervals covered 97 % of customers; 95 % is what the probabilities imply, because for 75 % of "
        "customers a purchase is not more than 20 % likely, and their interval is zero. Of the others, 81 % were "
        "covered"
    )
    nobody = next(s for s in with_coverage(found, likely=0.0, coverage_of_likely=None) if "covered" in s)
    assert nobody.endswith("and their interval is zero.")
    everybody = next(s for s in with_coverage(found, likely=1.0) if "covered" in s)
    assert "imply" not in everybody


def test_a_decile_with_too_narrow_an_interval_is_named(found: dict) -> None:
    changed = copy.deepcopy(found)
    changed["coverage"]["by_decile"][1] |= {"coverage": 0.6, "p_no_purchase": 0.3}
    assert any("in decile 2 (1 is the highest forecast) they are too narrow" in s for s in reading_of(changed))


def test_a_better_baseline_is_named_with_its_figures_and_what_they_mean(found: dict) -> None:
    changed = copy.deepcopy(found)
    changed["models"]["linear"]["mean"]["auc"] = 0.75
    lost = {"baseline": "linear", "difference": -0.05, "low": -0.08, "high": -0.02, "better": False}
    changed["against_best_baseline"] = {"auc": lost | {"significant": True, "by_origin": {}}}
    sentences = reading_of(changed, auc=0.7)
    assert any("better on 0 of 1 (by more than chance on 0) and behind on 1" in one for one in sentences)
    assert (
        "Linear + logistic regression is better at AUC: 0.750 against 0.700 (clearly; difference −0.050, "
        "95 % interval −0.080 to −0.020). With this forecast buyers are distinguished from others less well."
    ) in sentences


def test_groups_whose_next_orders_are_early_or_late_are_named(found: dict) -> None:
    half, few = ({"customers": 50, "ordered_by_it": share, "beyond_chance": share < 0.3} for share in (0.5, 0.2))
    parts = {"by_origin": {"2011-03-10": half}, "by_tier": {"rest": few}, "by_tenth": [half, few]}
    changed = {**found, "next_order": {"customers": 1200, "ordered_by_it": 0.44, **parts}}
    assert (
        "Of 1,200 customers whose predicted day of the next order lies before the end of the data, 44 % had ordered by "
        "that day; a half would be right. The share differs from a half by more than chance in value tier rest (20 %), "
        "decile 2 of the predicted days (20 %)."
    ) in reading_of(changed)
    parts = {"by_origin": {"2011-03-10": half}, "by_tier": {"rest": half}, "by_tenth": [half]}
    changed = {**found, "next_order": {"customers": 100, "ordered_by_it": 0.5, **parts}}
    assert any("No group by origin, value tier or predicted days" in one for one in reading_of(changed))
    assert not any("next order" in one for one in reading_of({**found, "next_order": None}))


def test_a_single_origin_gives_a_warning() -> None:
    sentences = comparison.compare(predictions(customers=100, origins=("2011-03-10",)))["reading"]
    assert any("one origin only" in one for one in sentences)


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [
        ("rmse", 78.0, "78.0"),
        ("mse", 6084.0, "6,084"),
        ("rmse", 107.2, "107"),
        ("mae_of_median", 999.7, "1,000"),
        ("mae_of_median", -1234.5, "−1,234"),
        ("auc", 0.71249, "0.712"),
        ("auc", None, "–"),
    ],
)
def test_figures_on_the_page(metric: str, value: float | None, text: str) -> None:
    assert reading.figure(metric, value) == text
