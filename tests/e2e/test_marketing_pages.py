"""The place for marketers in a real browser: as the marketer, from a list to its receipt and read-out; as the viewer,
who may start nothing; and as an outsider, who is let in nowhere."""

from __future__ import annotations

import re
import shutil
from contextlib import contextmanager

import browsing
import exported
import httpx
import pytest

from clv.decisions.lists import earnings
from clv.platform.runtime import airflow

pytestmark = pytest.mark.e2e

OF_OPERATORS = [
    "dags", "dags/clv_daily", "dags/clv_daily/dagRuns", "dags/~/dagRuns", "dags/clv_daily/tasks",
    "dagSources/clv_daily", "eventLogs", "config", "connections", "variables", "pools", "assets",
    "importErrors", "jobs", "providers",
]  # fmt: skip
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@contextmanager
def signed_in_as(user: str, browser, running):
    """A browser context that is signed in to the home's Airflow."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.goto(f"{airflow.url(running.settings)}/auth/login")
    browsing.sign_in(page, running.settings, user)
    page.wait_for_url(lambda url: "/auth/login" not in url)
    page.close()
    yield context
    context.close()


@pytest.fixture(scope="module")
def base(running, forward) -> str:
    """Where the pages are."""
    return f"{airflow.url(running.settings)}/marketing"


@pytest.fixture(scope="module")
def marketer(browser, running, forward):
    with signed_in_as("marketer", browser, running) as context:
        yield context


@pytest.fixture(scope="module")
def largest(running, forward) -> str:
    """The list with the most customers to act on."""
    query = (
        "select list_name from analytics.list_states where as_of_date = %s order by customers_to_act_on desc limit 1"
    )
    return running.rows(query, (max(forward),))[0][0]


@pytest.fixture
def letters(running):
    """A destination that writes files without anything personal. The files go with the test."""
    exported.declare(running.settings, "letters", to="file", columns=["list_name", "place", "action", "reason"])
    yield running.settings.home / "exports" / "letters"
    (running.settings.home / "destinations" / "letters.yml").unlink()
    shutil.rmtree(running.settings.home / "exports" / "letters", ignore_errors=True)


def test_a_marketer_sees_nothing_of_airflows_own(marketer, running, shots):
    page = marketer.new_page()
    page.set_default_timeout(60_000)
    page.goto(airflow.url(running.settings))
    page.get_by_text("Lists", exact=True).wait_for()
    assert page.get_by_text("Reports", exact=True).is_visible()
    assert page.get_by_text("Experiments", exact=True).is_visible()
    assert page.get_by_test_id("nav-dags-link").get_attribute("disabled") is not None
    assert "/plugin/lists" in page.url  # Airflow adds the path of the page in the frame once it has loaded
    page.close()
    api = f"{airflow.url(running.settings)}/api/v2"
    assert {path: marketer.request.get(f"{api}/{path}").status for path in OF_OPERATORS} == dict.fromkeys(
        OF_OPERATORS, httpx.codes.FORBIDDEN
    )
    started = marketer.request.post(f"{api}/dags/clv_daily/dagRuns", data={"logical_date": None})
    assert started.status == httpx.codes.FORBIDDEN


def test_from_the_lists_to_the_receipt_and_the_read_out(marketer, running, largest, letters, shots):
    page = marketer.new_page()
    page.set_default_timeout(60_000)
    page.goto(airflow.url(running.settings))
    page.get_by_text("Lists", exact=True).click()
    shown = page.frame_locator("iframe")
    link = shown.locator(f"a[href*='/lists/{largest}?']")
    title = link.inner_text()
    page.screenshot(path=shots / "marketer-lists.png")
    link.click()
    shown.get_by_role("heading", name=title, exact=True).wait_for()
    shown.get_by_role("button", name=re.compile("^Approve for 20")).click()
    shown.get_by_role("status").get_by_text("approved by marketer").wait_for()
    shown.get_by_label("Export to").select_option("letters")
    shown.get_by_role("button", name="Export", exact=True).click()
    shown.get_by_role("status").get_by_text(f"exported   {largest} of").wait_for()
    page.screenshot(path=shots / "marketer-receipt.png")
    earnings.read_all(running.settings)  # as each daily run does after it has published
    shown.get_by_role("link", name=re.compile("All lists of")).click()
    earned = shown.get_by_role("row", name=re.compile(f"{title} .*the first 30 days are over on"))
    earned.wait_for()
    page.screenshot(path=shots / "marketer-earned.png", full_page=True)
    page.close()
    day = running.rows("select max(as_of_date) from analytics.publications")[0][0]
    sent = len((letters / f"{largest}-{day}.csv").read_text().splitlines()) - 1
    query = "select count(*) from ops.exports where list_name = %s and destination = 'letters' and state = 'sent'"
    assert sent == running.rows(query, (largest,))[0][0] > 0
    query = "select act, acted_by from ops.acts where subject = %s order by act_id"
    acts = ["approve", "export", "exported"]
    assert running.rows(query, (f"list {largest}",)) == [(act, "marketer") for act in acts]


@pytest.mark.parametrize("path", ["lists", "lists/{largest}", "lists/{largest}/customers", "experiments"])
def test_the_pages_fit_a_phone_and_a_keyboard(marketer, base, largest, shots, path):
    page = marketer.new_page()
    errors = []
    page.on("console", lambda message: errors.append(message.text))
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{base}/{path.format(largest=largest)}")
    page.screenshot(path=shots / f"phone-{path.replace('/', '-').replace('{largest}', 'one')}.png", full_page=True)
    assert page.evaluate(SIDEWAYS) == 0
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Lists"
    assert errors == []
    page.close()


def test_a_viewer_starts_nothing(browser, running, base, largest):
    with signed_in_as("viewer", browser, running) as context:
        page = context.new_page()
        page.goto(f"{base}/lists/{largest}")
        assert "viewer, read only" in page.inner_text("nav")
        assert page.locator("form").count() == 0
        refused = context.request.post(f"{base}/lists/{largest}/revoke")
        assert refused.status == httpx.codes.FORBIDDEN
        assert "viewer may look" in refused.text()


def test_an_outsider_is_let_in_nowhere(browser, running, base, largest):
    context = browser.new_context()
    for path in ("/lists", f"/lists/{largest}", f"/lists/{largest}/customers", "/experiments"):
        answer = context.request.get(f"{base}{path}", max_redirects=0)
        assert answer.status == httpx.codes.SEE_OTHER
        assert answer.headers["location"].startswith("/api/v2/auth/login?next=")
    for act in ("approve", "revoke", "export"):
        answer = context.request.post(f"{base}/lists/{largest}/{act}", form={"destination": "x"}, max_redirects=0)
        assert "/api/v2/auth/login?next=" in answer.headers["location"]
    page = context.new_page()
    page.goto(f"{base}/lists/{largest}")
    assert "/auth/login" in page.url
    browsing.sign_in(page, running.settings, "marketer")
    page.wait_for_url(f"{base}/lists/{largest}")
    context.close()
