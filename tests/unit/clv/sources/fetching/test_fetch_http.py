"""Objects of a service: pages, windows of time, changes while they are read, and answers that do not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fetched
import pytest
from small_service import Incoming, Reply, Shop, at, order, serving

from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.sources.fetching import landing
from clv.sources.fetching.fetch import fetch, messages

CURSOR = {"column": "updated_at", "parameter": "since", "overlap": "1m"}


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(tmp_path, {})


def declare(home: Settings, url: str, **changes: Any) -> None:
    declared = {"from": "http", "url": f"{url}/orders", "rows": "orders", "key": "id", "cursor": CURSOR}
    fetched.declare(home, "shop", {**declared, **changes})


@pytest.mark.parametrize(
    "pages",
    [
        {"by": "link_header"},
        {"by": "next_url", "at": "url"},
        {"by": "number", "size": 2},
        {"by": "token", "parameter": "page", "at": "next"},
        {"by": "cursor", "number": "page", "size": 2},
    ],
    ids=lambda pages: pages["by"],
)
def test_all_pages_are_read_and_then_what_is_new(home, pages):
    shop = Shop(*(order(number, 10 * number) for number in range(1, 6)))
    with serving(shop) as url:
        declare(home, url, pages=pages)
        first = fetch("shop", home)
        shop.change(order(3, 70, "12.00"))
        second, third = fetch("shop", home), fetch("shop", home)
    assert (first.files, first.rows, first.reached) == (1, 5, at(50))
    assert (second.files, second.rows, second.reached) == (1, 1, at(70))
    assert (third.files, third.reached) == (0, at(70))
    assert fetched.rows(home, "shop")[1] == [order(3, 70, "12.00")]
    assert [path.name for path in fetched.files(home, "shop")] == [
        "000001-updated_at=2024-06-01T00%3A50%3A00Z.jsonl.gz",
        "000002-updated_at=2024-06-01T01%3A10%3A00Z.jsonl.gz",
    ]
    assert messages(second) == [f"shop: 1 file with 1 row, up to {at(70)}"]


def test_offsets_and_the_last_row_lead_on(home):
    listed = [order(number, number) for number in range(1, 6)]

    def answer(incoming: Incoming) -> Reply:
        begin = int(incoming.parameters.get("offset") or incoming.parameters.get("after") or 0)
        return Reply({"orders": listed[begin : begin + 2], "more": begin + 2 < 5})

    with serving(answer) as url:
        for pages in (
            {"by": "offset", "size": 2},
            {"by": "last_row", "parameter": "after", "at": "id", "more": "more"},
        ):
            declare(home, url, pages=pages, cursor=None)
            assert fetch("shop", home).rows in (5, 0)  # the second fetch knows all rows of the first
    assert fetched.rows(home, "shop") == [listed]


def test_rows_changed_within_the_overlap_are_read_again_and_others_are_not_delivered_twice(home):
    shop = Shop(order(1, 10), order(2, 20))
    with serving(shop) as url:
        declare(home, url, pages={"by": "number", "size": 2}, cursor={**CURSOR, "overlap": "30m"})
        fetch("shop", home)
        shop.change(order(3, 15))  # committed late
        late = fetch("shop", home)
    assert shop.received[-1].parameters["since"] == at(-10).replace("+00:00", "Z")
    assert (late.files, late.reached) == (1, at(20))
    assert fetched.rows(home, "shop") == [[order(1, 10), order(2, 20)], [order(3, 15)]]


def test_an_order_that_changes_between_pages_is_not_twice_in_a_file_and_shifts_no_other(home):
    shop = Shop(*(order(number, 10 * number) for number in range(1, 6)))

    def answer(incoming: Incoming) -> Reply:
        reply = shop(incoming)
        if len(shop.received) == 2:
            shop.change(order(1, 90, "99.00"))  # moves from the first page to the last
        return reply

    with serving(answer) as url:
        declare(home, url, pages={"by": "cursor", "number": "page", "size": 2})
        fetch("shop", home)
    assert {key: rows for key, (rows,) in fetched.held(home, "shop").items()} == shop.orders
    assert [len({row["id"] for row in file}) == len(file) for file in fetched.rows(home, "shop")] == [True, True]


def test_columns_that_are_gone_or_of_another_type_are_reported(home):
    shop = Shop({**order(1, 10), "note": None, "tags": ["a"]})
    with serving(shop) as url:
        declare(home, url)
        fetch("shop", home)
        shop.change({**order(2, 20), "total": 12.5, "tags": []})
        assert fetch("shop", home).notes == [
            "the column 'note' is gone since the file before",
            "the column 'total' was text and is number since the file before",
        ]


def test_many_changes_in_one_second_do_not_stop_pages_by_cursor(home):
    shop = Shop(*(order(number, 10) for number in range(1, 8)), order(8, 20))
    with serving(shop) as url:
        declare(home, url, pages={"by": "cursor", "number": "page", "size": 2})
        assert fetch("shop", home).rows == 8


def test_what_a_service_repeats_of_a_secret_is_not_shown(home):
    with serving(lambda incoming: Reply({"wrong": incoming.parameters["key"]}, status=400)) as url:
        declare(home, url, parameters={"key": "{secret:token}"})
        fetched.keep_secret(home, "token", "secret/1")
        with pytest.raises(ClvError, match="status 400") as refused:
            fetch("shop", home)
    assert "secret/1" not in str(refused.value)


def test_secrets_are_sent_to_no_other_server_and_never_in_the_clear(home):
    shop = Shop()
    shop.faults.append(Reply({"orders": [], "url": "https://elsewhere.example/orders"}))
    with serving(shop) as url:
        declare(home, url, pages={"by": "next_url", "at": "url"})
        with pytest.raises(ClvError, match="another server"):
            fetch("shop", home)
    declare(home, "http://shop.example", basic="{secret:token}:")
    fetched.keep_secret(home, "token", "token")
    with pytest.raises(ClvError, match="write https://"):
        fetch("shop", home)


def test_a_service_cannot_ask_for_another_secret(home):
    received: list[dict] = []

    def answer(incoming: Incoming) -> Reply:
        received.append(incoming.parameters)
        return Reply({"orders": [order(len(received), 1)], "next": None if len(received) > 1 else "{secret:other}"})

    with serving(answer) as url:
        pages = {"by": "token", "parameter": "page", "at": "next"}
        declare(home, url, pages=pages, parameters={"key": "{secret:token}", "all": True})
        fetched.keep_secret(home, "token", "token")
        fetched.keep_secret(home, "other", "other")
        fetch("shop", home)
    assert received == [
        {"key": "token", "all": "true"},
        {"key": "token", "all": "true", "page": "{secret:other}"},
    ]


def test_windows_read_a_long_history_in_parts_until_the_services_present(home):
    """The service lists the newest first. Its clock says 2024-06-04."""
    listed = [{"id": number, "created": 1717200000 + number * 86_400} for number in (2, 1, 0)]
    windows: list[tuple[int, int]] = []

    def answer(incoming: Incoming) -> Reply:
        begin, end = int(incoming.parameters["from"]), int(incoming.parameters["to"])
        windows.append((begin, end))
        found = [one for one in listed if begin <= one["created"] < end]
        return Reply({"orders": found}, headers={"Date": "Tue, 04 Jun 2024 00:00:00 GMT"})

    cursor = {
        "column": "created",
        "parameter": "from",
        "until": "to",
        "window": "2d",
        "start": 1717113600,
        "overlap": 0,
    }
    with serving(answer) as url:
        declare(home, url, cursor=cursor, rows_per_file=1)
        fetch("shop", home)
    day = 86_400
    assert windows == [(1717113600 + days * day, 1717113600 + (days + 2) * day) for days in (0, 2)]
    assert [[row["id"] for row in file] for file in fetched.rows(home, "shop")] == [[0], [2], [1]]
    assert landing.reach(fetched.files(home, "shop")[-1].name, "created") == str(listed[0]["created"])


def test_graphql_passes_variables_and_waits_when_throttled(home, slept):
    pages = {None: ([order(1, 1)], "c1"), "c1": ([order(2, 2)], None)}
    bodies: list[dict] = []

    def answer(incoming: Incoming) -> Reply:
        bodies.append(incoming.body)
        if len(bodies) == 1:
            return Reply({"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]})
        nodes, end = pages[incoming.body["variables"].get("after")]
        page = {"endCursor": end, "hasNextPage": bool(end)}
        return Reply({"data": {"orders": {"nodes": nodes, "pageInfo": page}}})

    with serving(answer) as url:
        declare(
            home, url, graphql="query { orders }", rows="data.orders.nodes",
            cursor={**CURSOR, "parameter": "filter", "value": "updated_at:>='{cursor}'", "start": at(0)},
            pages={"by": "token", "parameter": "after", "at": "data.orders.pageInfo.endCursor",
                   "more": "data.orders.pageInfo.hasNextPage"},
        )  # fmt: skip
        assert fetch("shop", home).rows == 2
    assert bodies[1]["variables"] == {"filter": f"updated_at:>='{at(0)}'"}
    assert slept == [1.0]


@pytest.mark.parametrize(
    ("content", "changes", "message"),
    [
        ({"items": []}, {}, "answers without a list of objects at 'orders'; correct `rows`"),
        ({"orders": [{"updated_at": at(1)}]}, {}, "a row has no 'id', by which `key` identifies rows"),
        ({"errors": [{"message": "no such field"}]}, {"graphql": "{ x }"}, r"refuses the query \(no such field\)"),
        (
            {"orders": [order(1, 2), order(2, 1)]},
            {"cursor": {**CURSOR, "ascending": True}},
            "does not order its answer",
        ),
        (
            {"orders": [order(1, 1)], "url": "/orders"},
            {"pages": {"by": "next_url", "at": "url"}},
            "the same page again",
        ),
    ],
)
def test_answers_that_do_not_fit_are_named(home, content, changes, message):
    with serving(lambda _: Reply(content)) as url:
        declare(home, url, **changes)
        with pytest.raises(ClvError, match=message):
            fetch("shop", home)
    assert not (home.landing / "shop" / ".partial").exists()
