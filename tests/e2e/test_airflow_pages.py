"""Airflow's pages for operators, in a real browser: the grid of runs, the graph, and the backfill dialogue.

The screenshots are saved in the test's folder; `CLV_SCREENSHOTS=docs/images pytest tests/e2e/test_*_pages.py` renews
those of the documentation.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clv.platform.airflow_session import Airflow
from clv.platform.runtime import airflow

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def page(signed_in, running) -> Iterator:
    """A page that is signed in to the home's Airflow, showing clv_daily after two days have run."""
    page = signed_in.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{airflow.url(running.settings)}/dags/clv_daily")
    yield page
    page.close()


@pytest.fixture
def shoot(shots, page):
    """Saves a screenshot under a name and checks that it is not blank."""

    def save(name: str) -> None:
        page.wait_for_timeout(1500)  # transitions
        page.screenshot(path=shots / f"{name}.png")
        assert (shots / f"{name}.png").stat().st_size > 20_000

    return save


def test_the_grid_shows_every_task_of_a_run(page, shoot):
    page.get_by_role("button", name="Expand all task groups").first.click()
    for task in ("open_run", "gate_staging", "train", "publish"):
        page.get_by_role("link", name=task, exact=True).first.wait_for()
    assert page.get_by_text("Latest Run").is_visible()
    shoot("airflow-grid")


def test_the_graph_shows_the_way_of_the_data_in_five_groups(page, shoot):
    page.get_by_role("button", name="Show Graph").click()
    nodes = page.locator(".react-flow__node")
    nodes.first.wait_for()
    assert nodes.count() >= 15
    page.get_by_role("button", name="Collapse all task groups").first.click()
    page.wait_for_function("document.querySelectorAll('.react-flow__node').length === 5")
    for group in ("take in", "clean", "learn", "value", "publish"):
        assert nodes.get_by_text(group, exact=True).first.is_visible()
    shoot("airflow-graph")
    page.get_by_role("button", name="Show Grid").click()


def test_the_backfill_dialogue_offers_a_range_and_the_form(page, shoot):
    page.get_by_role("button", name="Trigger Dag").click()
    page.get_by_text("Backfill", exact=True).last.click()
    page.get_by_text("Date Range").wait_for()
    assert page.get_by_text("Reprocess Behavior").is_visible()
    assert not page.get_by_text("As of date").count(), "the range has the dates"
    assert page.get_by_text("Train anew").first.is_visible()
    shoot("airflow-backfill")
    page.keyboard.press("Escape")


def wait_until_no_backfill_is_open(page, running) -> None:
    """Waits until Airflow has noticed that a backfill has ended, which takes up to a minute. Until then it refuses
    another one."""
    api = Airflow(running.settings)
    while any(
        backfill["completed_at"] is None
        for backfill in api.call("GET", "/backfills", params={"dag_id": "clv_daily"})["backfills"]
    ):
        page.wait_for_timeout(2000)


def test_a_backfill_started_in_the_dialogue_publishes_its_day(page, running):
    day = "2024-05-30"
    wait_until_no_backfill_is_open(page, running)
    page.get_by_role("button", name="Trigger Dag").click()
    page.get_by_text("Backfill", exact=True).last.click()
    for number in range(2):  # from, to
        page.get_by_test_id("datetime-input").nth(number).click()
        page.get_by_placeholder("YYYY/MM/DD").last.fill(day.replace("-", "/"))
        page.get_by_placeholder("HH:mm").last.fill("00:00")
        page.get_by_text("Date Range", exact=True).click()
        page.wait_for_timeout(800)
    page.get_by_role("button", name="Run Backfill").click()

    for _ in range(600):
        if running.rows("select 1 from analytics.publications where as_of_date = %s", (day,)):
            break
        page.wait_for_timeout(2000)
    else:
        pytest.fail(f"the backfill of {day} published nothing in twenty minutes")
