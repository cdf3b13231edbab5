"""The charts: markup that takes the page's colours, and None when there is nothing to draw."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from synthetic_predictions import predictions

from clv.evaluation.backtest import comparison
from clv.reporting.backtest import charts

DRAWN = charts.ALL


@pytest.fixture(scope="module")
def drawn() -> list[charts.Chart]:
    result = comparison.compare(predictions(customers=150))
    return [chart for draw in DRAWN if (chart := draw(result))]


def test_each_is_well_formed_and_named(drawn: list[charts.Chart]) -> None:
    assert len(drawn) == len(DRAWN)
    for chart in drawn:
        root = ElementTree.fromstring(chart.svg)  # noqa: S314 - our own drawing
        assert root.attrib["aria-label"] == chart.title
        assert chart.words.endswith(".")


def test_colours_and_letters_are_the_pages(drawn: list[charts.Chart]) -> None:
    for chart in drawn:
        assert not re.search(r"(?:fill|stroke): #|font-family|://", chart.svg)
        assert "<text" in chart.svg


def test_the_roc_curve_says_how_many_buyers_are_found() -> None:
    result = {"roc": {"shares": [0.0, 0.2, 1.0], "models": {"perennial": [0.1, 0.72, 1.0], "linear": [0.1, 0.7, 1.0]}}}
    drawn = charts.roc(result)
    assert drawn
    assert drawn.words.replace("\u00a0", " ") == (
        "Ranked by probability, 72 % of buyers come before the first fifth of those who bought nothing; "
        "ranked by linear + logistic regression, 70 %."
    )
    assert charts.roc({"roc": {"shares": [0.2], "models": {"linear": [0.7]}}}) is None


def test_no_two_charts_share_an_id(drawn: list[charts.Chart]) -> None:
    ids = [one for chart in drawn for one in re.findall(r'\bid="([^"]+)"', chart.svg)]
    assert len(ids) == len(set(ids))
    for chart in drawn:
        for target in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', chart.svg):
            assert f'id="{target[0] or target[1]}"' in chart.svg


def test_the_same_figures_give_the_same_drawing() -> None:
    result = comparison.compare(predictions(customers=60))
    assert charts.deciles(result) == charts.deciles(result)


def test_no_chart_is_drawn_without_data() -> None:
    result = comparison.compare(predictions(customers=20, too_little_data=20))
    assert [draw(result) for draw in DRAWN] == [None] * len(DRAWN)


def test_a_shop_where_nobody_bought_has_what_is_left_to_draw() -> None:
    frame = predictions(customers=60)
    frame[["actual_orders", "actual_amount"]] = 0
    result = comparison.compare(frame)
    assert [draw(result) is None for draw in DRAWN] == [True, True, False, False, True, True]
