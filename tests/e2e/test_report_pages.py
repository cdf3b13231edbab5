"""The report as a marketer opens it: from Airflow's menu, in a real browser, on a wide screen and on a phone, with the
light and the dark theme."""

from __future__ import annotations

import browsing
import pytest

from clv.platform.runtime import airflow

pytestmark = pytest.mark.e2e

ALWAYS_DRAWN = [
    "Revenue",
    "Orders",
    "Average order value",
    "New and returning customers",
    "Returning customer rate",
    "Repeat rate",
    "Expected revenue beside the days before",
    "Share of the value by share of customers",
    "Distribution of predicted value",
    "Movement between segments",
    "What channels cost and bring",
    "What a new customer brings over two years",
    "Who comes back",
]
BOXES = """
    [...document.querySelectorAll("figure svg")].map(drawing => {
        const seen = drawing.getBoundingClientRect();
        return [drawing.getAttribute("aria-label"), seen.width, seen.height, drawing.querySelectorAll("path").length];
    })
"""


@pytest.fixture
def report(running, forward):
    """The newest date's page on disk."""
    return running.settings.reports / max(running.published()) / "index.html"


@pytest.mark.parametrize(("name", "width", "scheme"), [("wide", 1280, "light"), ("phone", 375, "dark")])
def test_every_chart_is_drawn_without_warnings(browser, report, shots, name, width, scheme):
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    errors, requested = [], []
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: requested.append(request.url))
    page.goto(report.as_uri())
    page.screenshot(path=shots / f"report-{name}.png", full_page=True)
    page.screenshot(path=shots / f"report-{name}-top.png")
    drawn = page.evaluate(BOXES)
    sideways = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    page.close()

    assert errors == []
    assert requested == [report.as_uri()]
    assert set(ALWAYS_DRAWN) <= {title for title, *_ in drawn}
    assert all(wide > 300 and high > 100 and paths > 5 for _, wide, high, paths in drawn)
    assert sideways == 0
    assert report.stat().st_size < 5_000_000


def test_a_keyboard_and_a_screen_reader_find_their_way(browser, running, report):
    page = browser.new_page()
    page.goto(report.as_uri())
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3')].map(heading => Number(heading.tagName[1]))")
    unnamed = page.evaluate("[...document.querySelectorAll('svg:not([aria-hidden]):not([aria-label])')].length")
    headless = page.evaluate("[...document.querySelectorAll('table')].filter(one => !one.querySelector('th')).length")
    page.keyboard.press("Tab")
    first = page.evaluate("document.activeElement.textContent")
    page.close()
    assert levels[0] == 1
    assert levels[1] == 2
    assert set(levels[1:]) <= {2, 3}
    assert (unnamed, headless) == (0, 0)
    assert first == f"← {sorted(running.published())[-2]}"  # the date before


def test_airflows_menu_leads_to_the_reports(signed_in, running, report, shots):
    page = signed_in.new_page()
    page.set_default_timeout(60_000)
    page.goto(airflow.url(running.settings))
    page.get_by_text("Reports", exact=True).click()
    shown, date = page.frame_locator("iframe"), report.parent.name
    shown.get_by_role("link", name=date, exact=True).click()
    page.wait_for_url(f"**/{date}/index.html")
    assert shown.locator("h1").inner_text() == f"Customer value on {date}"
    page.screenshot(path=shots / "airflow-report.png")
    page.close()


def test_airflows_menu_leads_to_what_the_gates_found(signed_in, running, forward):
    run_id, _ = forward[max(forward)]
    page = signed_in.new_page()
    page.set_default_timeout(60_000)
    page.goto(airflow.url(running.settings))
    page.get_by_text("Gates", exact=True).click()
    shown = page.frame_locator("iframe")
    shown.get_by_role("link", name=run_id, exact=True).click()
    shown.get_by_role("heading", name=f"Gates of run {run_id}").wait_for()
    assert "The run passed every gate." in shown.locator("main").inner_text()
    page.close()


def test_a_user_signs_in_first_and_then_sees_the_page(browser, running, report):
    address = f"{airflow.url(running.settings)}/customer-value/{report.parent.name}/index.html"
    context = browser.new_context()
    page = context.new_page()
    page.goto(address)
    assert "/auth/login" in page.url
    assert "Customer value on" not in page.content()
    browsing.sign_in(page, running.settings)
    page.wait_for_url(address)
    assert page.inner_text("h1") == f"Customer value on {report.parent.name}"
    context.close()


def test_only_reports_are_served(signed_in, running):
    base, secret = f"{airflow.url(running.settings)}/customer-value", running.settings.secret("airflow_password")
    for path in ("..%2fsecrets%2fairflow_password", "2000-01-01/index.html"):
        assert signed_in.request.get(f"{base}/{path}").status == 404
    # Set the route before opening the address, since Airflow answers it with its own page.
    assert secret not in signed_in.request.get(f"{base}/%2e%2e/secrets/airflow_password").text()
