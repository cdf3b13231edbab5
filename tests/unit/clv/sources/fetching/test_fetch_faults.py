"""A service that limits rates, fails, breaks off or changes its token, and fetches that are killed at every point."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import fetched
import pytest
from small_service import Incoming, Reply, Shop, order, serving

from clv.core.errors import ClvError, Unavailable
from clv.core.settings import Settings
from clv.sources.fetching import landing, service
from clv.sources.fetching.fetch import fetch

CURSOR = {"column": "updated_at", "parameter": "since", "overlap": "1m"}


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(tmp_path, {})


def declare(home: Settings, url: str, **changes: Any) -> None:
    declared = {"from": "http", "url": f"{url}/orders", "rows": "orders", "key": "id", "cursor": CURSOR}
    fetched.declare(home, "shop", {**declared, **changes})


@pytest.mark.parametrize(
    ("fault", "pauses"),
    [
        (Reply(status=429, headers={"Retry-After": "7"}), [7.0]),
        (Reply(status=520), [1.0]),
        (Reply(b'{"orders": []}', headers={"Content-Encoding": "gzip"}), [1.0]),
        (Reply({"orders": [order(9, 9)]}, cut=20), [1.0]),
        (Reply(b'{"orders": [{"id": 9'), [1.0]),
    ],
    ids=["rate limit", "server error", "broken packing", "connection breaks", "half an answer"],
)
def test_errors_that_pass_are_waited_for_and_lose_nothing(home, slept, fault, pauses):
    shop = Shop(*(order(number, number) for number in range(1, 6)))
    shop.faults += [Reply({"orders": [order(1, 1), order(2, 2)], "next": 2}), fault]
    with serving(shop) as url:
        declare(home, url, pages={"by": "token", "parameter": "page", "at": "next"})
        assert fetch("shop", home).rows == 5
    assert slept == pauses


def test_a_wrong_clock_of_this_machine_does_not_change_how_long_a_fetch_waits(home, slept):
    server_time = datetime(2031, 1, 1, tzinfo=UTC)
    until = format_datetime(server_time + timedelta(seconds=9), usegmt=True)
    shop = Shop(order(1, 1))
    shop.faults.append(
        Reply(status=429, headers={"Date": format_datetime(server_time, usegmt=True), "Retry-After": until})
    )
    with serving(shop) as url:
        declare(home, url)
        fetch("shop", home)
    assert slept == [9.0]


def test_a_service_that_stays_away_is_unavailable_and_the_next_fetch_continues(home, slept):
    shop = Shop(*(order(number, number) for number in range(1, 5)))
    shop.faults += [Reply({"orders": [order(1, 1), order(2, 2)], "next": 2}), *[Reply(status=502)] * service.TRIES]
    with serving(shop) as url:
        cursor = {**CURSOR, "ascending": True}
        declare(home, url, pages={"by": "token", "parameter": "page", "at": "next"}, cursor=cursor, rows_per_file=1)
        with pytest.raises(Unavailable, match=r"127.0.0.1/orders does not answer \(status 502\).*fetch again later"):
            fetch("shop", home)
        assert slept == [1, 2, 4, 8, 16]
        assert [path.name[:6] for path in fetched.files(home, "shop")] == ["000001", "000002"]
        assert fetch("shop", home).rows == 2
    assert sum(fetched.rows(home, "shop"), []) == list(shop.orders.values())


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://shop.example:port", "write a whole address that begins with https://"),
        ("https://[shop", "write a whole address that begins with https://"),
        ("ftp://shop.example", "write a whole address that begins with https://"),
        ("http://127.0.0.1:1", r"does not answer \(ConnectError: .*check `url`, or fetch again later"),
    ],
)
def test_wrong_addresses_give_one_line(home, slept, url, message):
    declare(home, url)
    with pytest.raises(ClvError, match=message):
        fetch("shop", home)


def test_a_page_for_people_and_a_secret_that_no_header_takes_are_named(home):
    with serving(lambda _: Reply(b"<html>", headers={"Content-Type": "text/html"})) as url:
        declare(home, url, headers={"Token": "{secret:token}"})
        path = fetched.keep_secret(home, "token", "token")
        with pytest.raises(ClvError, match="answers with text/html, not with JSON; correct `url`"):
            fetch("shop", home)
        for wrong in ("géheim", "two\nlines"):
            path.write_text(wrong)
            with pytest.raises(ClvError, match=f"the header 'Token' .* on one line only; correct {path}"):
                fetch("shop", home)


def test_a_service_that_moved_is_named_and_not_followed(home):
    with serving(lambda _: Reply(status=301, headers={"Location": "https://www.shop.example/orders"})) as url:
        declare(home, url)
        with pytest.raises(ClvError, match="has moved to https://www.shop.example/orders; nothing is sent there"):
            fetch("shop", home)


def test_a_changed_token_gives_one_line_without_the_token(home):
    shop = Shop(order(1, 1))

    def answer(incoming: Incoming) -> Reply:
        return shop(incoming) if incoming.headers["Authorization"] == "Bearer new-token" else Reply(status=401)

    with serving(answer) as url:
        declare(home, url, headers={"Authorization": "Bearer {secret:token}"})
        path = fetched.keep_secret(home, "token", "old-token\n")
        with pytest.raises(ClvError, match="refuses the secret") as refused:
            fetch("shop", home)
        path.write_text("new-token\n")
        assert fetch("shop", home).rows == 1
    assert str(refused.value).endswith(f"(status 401); write the present one into {path}")
    assert "old-token" not in str(refused.value)


class Killed(BaseException):
    """Stands for SIGKILL: nothing of ours handles it."""


@pytest.mark.parametrize("ascending", [True, False])
def test_a_kill_at_any_point_neither_loses_nor_doubles(tmp_path, monkeypatch, ascending):
    """Kills a fetch before each of its requests, writes, syncs and renames in turn, fetches again, and compares."""
    cursor = {**CURSOR, "ascending": ascending}
    points = 0
    with serving(shop := Shop(*(order(number, number) for number in range(1, 6)))) as url:
        for kill_at in range(1, 100):
            home, passed = Settings(tmp_path / str(kill_at), {}), 0

            def passing(kill_at: int = kill_at) -> None:
                nonlocal passed
                passed += 1
                if passed == kill_at:
                    raise Killed

            with monkeypatch.context() as patch:
                patch.setattr(landing.Landing, "close", lambda _: None)  # a killed process removes nothing
                for owner, name in (
                    (service.Service, "get"), (landing.Landing, "add"), (landing, "on_disk"), (Path, "replace"),
                ):  # fmt: skip
                    original = getattr(owner, name)
                    patch.setattr(owner, name, lambda *a, _o=original, _p=passing: (_p(), _o(*a))[1])
                declare(home, url, cursor=cursor, pages={"by": "number", "size": 2}, rows_per_file=2)
                try:
                    fetch("shop", home)
                except Killed:
                    points += 1
                else:
                    break
            fetch("shop", home)
            found = sum(fetched.rows(home, "shop"), [])
            assert sorted(found, key=lambda one: one["id"]) == list(shop.orders.values()), kill_at
            assert fetch("shop", home).files == 0
    assert points > 12
