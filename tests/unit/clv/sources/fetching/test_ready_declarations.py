"""The ready declarations request what the services document, and read answers of their shapes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fetched
import pytest
from small_service import Incoming, Reply, serving

from clv.core.settings import Settings
from clv.sources.fetching import declaration
from clv.sources.fetching.fetch import fetch
from clv.sources.kinds.mappings import load_mapping

READY = sorted(path.stem for path in declaration.READY.glob("*.yml"))
HOUR_AGO, NOW = "2024-06-01T09:00:00", "2024-06-01T10:00:00"


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(tmp_path, {})


def taken(home: Settings, ready: str, answers: list[Any], fetches: int, **secrets: str) -> list[Incoming]:
    """Fetches from a local server that gives these answers; returns the requests."""
    received: list[Incoming] = []
    remaining = iter(answers)

    def answer(incoming: Incoming) -> Reply:
        received.append(incoming)
        reply = next(remaining)
        return reply if isinstance(reply, Reply) else Reply(reply)

    with serving(answer) as url:
        values = {"shop": "tea", "site": "tea.example"}
        fetched.declare(home, "shop", {"ready": ready, "values": values, "url": f"{url}/x", "pause": 0}, **secrets)
        for _ in range(fetches):
            fetch("shop", home)
    assert next(remaining, None) is None
    return received


@pytest.mark.parametrize("ready", READY)
def test_each_ready_declaration_has_a_mapping_with_the_key_and_the_time_of_the_change(home: Settings, ready: str):
    fetched.declare(home, ready, {"ready": ready, "values": {"shop": "tea", "site": "tea.example"}})
    declared, mapping = declaration.load(ready, home), load_mapping(ready, home)
    assert isinstance(declared, declaration.Http)
    assert declared.url.startswith("https://")
    assert "{" not in declared.url
    assert mapping.row_key == "order"
    assert declared.cursor
    assert getattr(mapping, "updated_at", None) in (declared.cursor.column, None)


def test_shopify_rest(home):
    def order(number: int) -> dict:
        return {"id": number, "updated_at": f"{NOW}-04:00"}

    link = {"Link": '</x?page_info=abc&limit=250>; rel="next"'}
    requests = taken(
        home, "shopify_api", [Reply({"orders": [order(1)]}, headers=link), {"orders": [order(2)]}, {"orders": []}],
        fetches=2, shopify_token="shpat",
    )  # fmt: skip
    assert requests[0].parameters == {"status": "any", "limit": "250", "order": "updated_at asc"}
    assert requests[0].headers["X-Shopify-Access-Token"] == "shpat"
    assert requests[1].parameters == {"page_info": "abc", "limit": "250"}
    assert requests[2].parameters["updated_at_min"] == f"{HOUR_AGO}-04:00"
    assert sum(fetched.rows(home, "shop"), []) == [order(1), order(2)]


def test_shopify_graphql(home):
    def page(number: int, end: str | None) -> dict:
        info = {"endCursor": end, "hasNextPage": bool(end)}
        return {"data": {"orders": {"nodes": [{"id": number, "updatedAt": f"{NOW}Z"}], "pageInfo": info}}}

    requests = taken(home, "shopify_graphql", [page(1, "abc"), page(2, None), page(2, None)], 2, shopify_token="shpat")
    assert "sortKey: UPDATED_AT" in requests[0].body["query"]
    assert [one.body["variables"] for one in requests] == [
        {}, {"after": "abc"}, {"changed": f"updated_at:>='{HOUR_AGO}Z'"},
    ]  # fmt: skip
    assert [row["id"] for row in sum(fetched.rows(home, "shop"), [])] == [1, 2]


def test_woocommerce(home):
    orders = [{"id": number, "date_modified_gmt": NOW} for number in range(101)]
    requests = taken(
        home, "woocommerce_api", [orders[:100], *[orders[99:], []] * 2], 2,
        woocommerce_key="ck", woocommerce_secret="cs",
    )  # fmt: skip
    assert requests[0].parameters == {
        "status": "any", "per_page": "100", "orderby": "modified", "order": "asc", "dates_are_gmt": "true", "page": "1",
    }  # fmt: skip
    assert requests[0].headers["Authorization"] == "Basic Y2s6Y3M="
    assert [one.parameters.get("modified_after") for one in requests] == [
        None, "2024-06-01T09:59:58", "2024-06-01T09:59:58", HOUR_AGO, "2024-06-01T09:59:58",
    ]  # fmt: skip
    assert len(sum(fetched.rows(home, "shop"), [])) == 101


def test_stripe(home):
    day, now = 86_400, 1717236000
    date = {"Date": "Sat, 01 Jun 2024 10:00:00 GMT"}

    def page(number: int, created: int, more: bool, refunded: int = 0) -> Reply:
        charge = {"id": f"ch_{number}", "created": created, "amount_refunded": refunded}
        return Reply({"data": [charge], "has_more": more}, headers=date)

    fetched.declare(home, "shop", {})
    pages = [page(2, now - day, True), page(1, now - 2 * day, False), page(2, now - day, False, refunded=5)]
    received: list[Incoming] = []

    def answer(incoming: Incoming) -> Reply:
        received.append(incoming)
        return pages.pop(0)

    with serving(answer) as url:
        cursor = {"start": "2024-05-15", "window": "30d"}
        fetched.declare(home, "shop", {"ready": "stripe_api", "url": f"{url}/x", "cursor": cursor}, stripe_key="sk")
        fetch("shop", home)
        fetched.declare(home, "shop", {"ready": "stripe_api", "url": f"{url}/x", "cursor": {"window": "365d"}})
        fetch("shop", home)
    assert received[0].parameters == {"limit": "100", "created[gte]": "1715731200", "created[lt]": "1718323200"}
    assert received[1].parameters["starting_after"] == "ch_2"
    assert received[2].parameters["created[gte]"] == str(now - day - 90 * day)
    assert [[(row["id"], row["amount_refunded"]) for row in file] for file in fetched.rows(home, "shop")] == [
        [("ch_2", 0), ("ch_1", 0)], [("ch_2", 5)],
    ]  # fmt: skip
