"""The page of a backtest."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from synthetic_predictions import predictions

from clv.evaluation.backtest import comparison
from clv.reporting.backtest import report

VOID = {"meta", "br", "hr", "img", "link", "input", "path", "use", "rect", "circle", "line"}


class Balanced(HTMLParser):
    """Fails on an element that is closed in the wrong place."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list) -> None:  # noqa: ARG002 - the parser hands it over
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    frame = predictions()
    notes = ["linear is left out: <too few buyers>."]
    return report.write(comparison.compare(frame), frame, tmp_path_factory.mktemp("page"), notes).read_text()


def test_the_page_is_sound_and_needs_no_network(page: str):
    checked = Balanced()
    checked.feed(page)
    assert checked.open == []
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//|@import|<script""", page)
    assert not re.search(r"\bnan\b|\binf\b|\bNone\b", re.sub(r"<[^>]*>", " ", page))
    assert len(page) < 2_000_000


def test_the_page_shows_the_result(page: str):
    assert page.count("<svg") == 6
    assert "How far to trust this" in page
    assert "&lt;too few buyers&gt;" in page
    assert "BG/NBD" in page


def test_a_shop_without_any_forecast_has_a_page_too(tmp_path: Path):
    frame = predictions(customers=20, too_little_data=20)
    text = report.write(comparison.compare(frame), frame, tmp_path, ["60 customers; a forecast needs 500"]).read_text()
    assert "a forecast needs 500" in text
    assert "<svg" not in text


def test_a_shop_where_nobody_bought_has_a_page_too(tmp_path: Path):
    frame = predictions(customers=60)
    frame[["actual_orders", "actual_amount"]] = 0
    text = report.write(comparison.compare(frame), frame, tmp_path, []).read_text()
    assert not re.search(r"\bnan\b|\bNone\b", re.sub(r"<[^>]*>", " ", text))
