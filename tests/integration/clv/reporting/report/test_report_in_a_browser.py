"""The pages of a small shop in a real browser: they fetch nothing, do not scroll sideways, link to each other, and can
be printed.

Tests that need Airflow, or a shop of a usual size, are in tests/e2e/test_report_pages.py.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import small_warehouse as small

from clv.core import settings
from clv.reporting import report
from clv.warehouse import publication

DAYS = ("2011-05-01", "2011-06-01")
SECTIONS = ["shop", "forecast", "customers", "value", "segments", "cohorts", "channels"]
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def reports(module_home: settings.Settings) -> Path:
    """The pages of two dates, with a valuable customer at risk in them."""
    small.make_tables()
    for day in DAYS:
        run_id = small.ready_run(day)
        small.execute("update analytics_runs.customer_segments set is_saveable = true")
        publication.publish(date.fromisoformat(day), run_id)
        report.write(date.fromisoformat(day), module_home)
    return module_home.reports


@pytest.mark.parametrize("name", ["index.html", "operators.html", "gates"])
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (375, "dark")])
def test_a_page_fetches_nothing_and_does_not_run_sideways(browser, reports, name, width, scheme) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    errors, requested = [], []
    page.on("console", lambda message: errors.append(message.text))
    page.on("request", lambda request: requested.append(request.url))
    path = reports / "gates" / f"{DAYS[1]}.1.html" if name == "gates" else reports / DAYS[1] / name
    page.goto(path.as_uri())
    sideways = page.evaluate(SIDEWAYS)
    page.close()
    assert requested == [path.as_uri()]
    assert errors == []
    assert sideways == 0


def test_every_section_is_there_and_found_from_the_top(browser, reports) -> None:
    page = browser.new_page()
    page.goto((reports / DAYS[1] / "index.html").as_uri())
    shown = page.evaluate("[...document.querySelectorAll('section')].map(one => one.id)")
    linked = page.evaluate("[...document.querySelectorAll('nav.sections a')].map(one => one.hash.slice(1))")
    page.close()
    assert shown == linked == SECTIONS


def test_one_date_leads_to_the_next_and_back_to_the_operators_and_the_gates(browser, reports) -> None:
    page = browser.new_page()
    page.goto((reports / DAYS[1] / "index.html").as_uri())
    page.click("a[rel=prev]")
    assert page.inner_text("h1") == f"Customer value on {DAYS[0]}"
    page.click("a[rel=next]")
    assert page.inner_text("h1") == f"Customer value on {DAYS[1]}"
    page.get_by_role("link", name="for operators").click()
    assert page.inner_text("h1") == f"For operators: {DAYS[1]}"
    page.get_by_role("link", name="gates of the run").click()
    assert page.inner_text("h1") == f"Gates of run {DAYS[1]}.1"
    page.get_by_role("link", name=f"Report of {DAYS[1]}").click()
    page.get_by_role("link", name="All dates").click()
    assert page.inner_text("h1") == "Customer value by date"
    page.close()


def test_a_customer_stands_on_one_line_under_eight_characters_and_is_copied_whole(browser, reports) -> None:
    page = browser.new_page(viewport={"width": 375, "height": 800})
    page.goto((reports / DAYS[1] / "index.html").as_uri())
    shown = page.locator("code.customer").first
    key, box = shown.text_content(), shown.bounding_box()
    width = page.evaluate("""() => {
        const eight = document.createElement("code");
        eight.textContent = "0".repeat(8);
        document.querySelector("code.customer").parentElement.append(eight);
        return eight.getBoundingClientRect().width;
    }""")
    shown.click()
    chosen = page.evaluate("getSelection().toString()")
    page.close()
    assert key in (small.A, small.B, small.C)
    assert chosen == key
    assert box["width"] == pytest.approx(width, abs=1)
    assert box["height"] < 30


def test_the_page_prints_whole_and_without_what_only_a_screen_needs(browser, reports) -> None:
    page = browser.new_page()
    page.goto((reports / DAYS[1] / "index.html").as_uri())
    page.emulate_media(media="print", color_scheme="dark")
    hidden = page.evaluate("[...document.querySelectorAll('nav, details')].every(one => !one.offsetParent)")
    ink = page.evaluate("getComputedStyle(document.body).color")
    printed = page.pdf(format="A4")
    page.close()
    assert hidden
    assert ink == "rgb(0, 0, 0)"  # black on white in print, whatever the screen's theme
    assert printed.startswith(b"%PDF")
