"""Pages of services that have limits of their own, end with an error, or lead in a circle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import fetched
import pytest
from small_service import Incoming, Reply, at, order, serving

from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.sources.fetching.fetch import Fetched, fetch

CURSOR = {"column": "updated_at", "parameter": "since", "overlap": "1m"}


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(tmp_path, {})


def taken(home: Settings, answer: Callable[[Incoming], Reply], **changes: Any) -> Fetched:
    with serving(answer) as url:
        declared = {"from": "http", "url": f"{url}/orders", "rows": "orders", "key": "id", "cursor": CURSOR}
        fetched.declare(home, "shop", {**declared, **changes})
        return fetch("shop", home)


def in_twos(listed: list[dict], after: int = 200) -> Callable[[Incoming], Reply]:
    """A service that answers with two orders per page, whatever is requested. after: the status after the last page."""

    def answer(incoming: Incoming) -> Reply:
        requested = incoming.parameters
        begin = int(requested.get("offset") or 2 * int(requested.get("page", 1)) - 2)
        found = [one for one in listed if one["updated_at"] >= requested.get("since", "")]
        return Reply({"orders": found[begin : begin + 2]}, status=200 if found[begin:] else after)

    return answer


@pytest.mark.parametrize("status", [200, 404, 400])
@pytest.mark.parametrize("by", ["number", "offset"])
def test_a_page_that_is_shorter_than_requested_is_not_the_last_one(home, by, status):
    newest_first = [order(number, number) for number in (5, 4, 3, 2, 1)]
    assert taken(home, in_twos(newest_first, status), pages={"by": by, "size": 100}).rows == 5


@pytest.mark.parametrize("status", [200, 404])
def test_pages_by_cursor_may_be_shorter_than_requested(home, status):
    listed = [order(number, minute) for number, minute in enumerate((1, 1, 1, 1, 1, 2, 3))]
    found = taken(home, in_twos(listed, status), pages={"by": "cursor", "number": "page", "size": 100})
    assert (found.rows, found.reached) == (7, at(3))


def test_a_refused_page_after_a_whole_one_is_an_error(home):
    listed = [order(number, number) for number in (1, 2)]
    with pytest.raises(ClvError, match="status 400"):
        taken(home, in_twos(listed, 400), pages={"by": "number", "size": 2})


@pytest.mark.parametrize("by", [{"by": "number"}, {"by": "offset"}, {"by": "cursor", "number": "page"}])
def test_a_service_that_ignores_the_page_is_named(home, by):
    with pytest.raises(ClvError, match="answers with the same page again; correct `pages`"):
        taken(home, lambda _: Reply({"orders": [order(1, 1), order(2, 2)]}), pages={**by, "size": 2})


def test_tokens_in_a_circle_are_named(home):
    def answer(incoming: Incoming) -> Reply:
        page = incoming.parameters.get("page", "A")
        return Reply({"orders": [order(ord(page), 1)], "next": "B" if page == "A" else "A"})

    with pytest.raises(ClvError, match="names the same page again"):
        taken(home, answer, pages={"by": "token", "parameter": "page", "at": "next"}, parameters={"page": "A"})


@pytest.mark.parametrize(
    "pages", [{"by": "none"}, {"by": "number", "size": 2}, {"by": "cursor", "number": "page", "size": 2}]
)
def test_a_cursor_column_that_no_object_has_is_named(home, pages):
    with pytest.raises(ClvError, match="objects that have no 'updatet_at'; correct `column` of the cursor"):
        taken(home, in_twos([order(1, 1)]), pages=pages, cursor={**CURSOR, "column": "updatet_at"})


@pytest.mark.parametrize(
    "changes",
    [{}, {"cursor": {**CURSOR, "ascending": True}}, {"pages": {"by": "cursor", "number": "page", "size": 2}}],
    ids=["at the end", "ascending", "by cursor"],
)
def test_a_time_in_the_services_future_is_not_reached(home, changes):
    """The service's clock says 2024-06-01, this machine's is later."""
    listed = [order(1, 1), {**order(2, 2), "updated_at": "2024-06-03T00:00:00Z"}]

    def answer(incoming: Incoming) -> Reply:
        return Reply(in_twos(listed)(incoming).content, headers={"Date": "Sat, 01 Jun 2024 10:00:00 GMT"})

    first = taken(home, answer, **changes)
    listed[0] = order(1, 3)
    second = taken(home, answer, **changes)
    assert (first.rows, first.reached, second.rows, second.reached) == (2, at(1), 1, at(3))
    assert first.notes == second.notes == [
        "1 value of the cursor column in the future, such as 2024-06-03T00:00:00Z; the rows are read by each fetch "
        "until the shop corrects them"
    ]  # fmt: skip


def test_a_secret_in_the_address_of_a_service_is_refused(home):
    fetched.declare(home, "shop", {"from": "http", "url": "https://shop.example/{secret:token}", "key": "id"})
    with pytest.raises(ClvError, match="'url' names a secret, which is not filled in there"):
        fetch("shop", home)
