"""The page Customers in a real browser: from the number of an order to its customer, and from a filter to a list."""

from __future__ import annotations

import canary
import pytest

from clv.platform.runtime import airflow

pytestmark = pytest.mark.e2e

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def page(signed_in, running):
    found = signed_in.new_page()
    found.set_default_timeout(60_000)
    found.goto(f"{airflow.url(running.settings)}/marketing/customers")
    yield found
    found.close()


def picture(page, path) -> None:
    """Takes pictures for a screen and for a phone, which shows the page without scrolling sideways."""
    page.screenshot(path=f"{path}.png", full_page=True)
    page.set_viewport_size({"width": 390, "height": 844})
    page.screenshot(path=f"{path}-phone.png", full_page=True)
    assert page.evaluate(SIDEWAYS) == 0
    page.set_viewport_size({"width": 1400, "height": 900})


def test_a_customer_is_found_by_an_order_and_by_her_address(page, running, shots):
    query = "select order_key, customer_key from analytics.fct_orders where kind = 'order' order by order_key limit 1"
    ((order, key),) = running.rows(query)
    page.get_by_label("Order number, short id or key").fill(order.partition(":")[2])
    page.get_by_role("button", name="Find", exact=True).click()
    page.get_by_role("heading", name=f"Customer {str(key)[:8]}").wait_for()
    assert page.get_by_role("cell", name=order.partition(":")[2], exact=True).count() == 1
    picture(page, shots / "customer")
    page.get_by_role("link", name="What changed since earlier dates, and why").click()
    page.get_by_role("heading", name="What changed", exact=True).wait_for()
    page.get_by_role("link", name="Customers", exact=True).click()
    page.get_by_label("E-mail address").fill(canary.EMAIL)
    page.get_by_role("button", name="Find by e-mail").click()
    page.get_by_role("heading", name="Customer ").wait_for()
    assert canary.EMAIL not in page.url
    assert canary.EMAIL not in page.content()


def test_a_filter_is_saved_as_a_list_and_removed(page, running, shots):
    page.get_by_label("Gold", exact=True).check()
    page.get_by_label("Order by").select_option("stake")
    page.get_by_role("button", name="Filter", exact=True).click()
    page.get_by_text("the filter.").wait_for()
    assert set(page.locator("tbody tr td:nth-child(2)").all_inner_texts()) == {"Gold"}
    page.get_by_label("Name, such as").fill("gold_call")
    page.get_by_label("Title").fill("Call the best")
    page.get_by_label("What to do with them").fill("ask what they miss")
    page.get_by_label("Channel").fill("phone")
    page.get_by_role("button", name="Save the list").click()
    page.get_by_role("status").get_by_text("The list is saved.").wait_for()
    picture(page, shots / "customers")
    assert "gold_call: saved by admin; the next run makes it" in running.clv("lists").stdout
    page.get_by_role("button", name="Remove Call the best").click()
    page.get_by_role("status").get_by_text("The list is removed.").wait_for()
    query = "select rule, saved_by, removed_by from ops.saved_lists"
    assert running.rows(query) == [("value_tier in ('Gold')", "admin", "admin")]
