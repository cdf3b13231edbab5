"""Resources of dlt: its own source for services, and a function of the shop's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fetched
import pytest
from small_service import Shop, at, order, serving

from clv.core import settings
from clv.core.errors import ClvError, Unavailable
from clv.sources.fetching.fetch import fetch

OWN = """
import dlt, pyarrow

@dlt.source
def shop(since, token):
    if token != "token":
        raise ValueError(f"{token} is wrong")
    rows = [{"id": 1, "updated_at": "2024-06-01"}, {"id": 2, "updated_at": "2024-06-02"}]
    new = [row for row in rows if since is None or row["updated_at"] >= since]
    return dlt.resource([pyarrow.Table.from_pylist(new)], name="orders"), dlt.resource([], name="other")
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> settings.Settings:
    pytest.importorskip("dlt", reason="dlt is not installed (make bootstrap-connectors)")
    for name, value in settings.QUIET.items():
        monkeypatch.setenv(name, value)
    return settings.Settings(tmp_path, {})


def declare(home: settings.Settings, **changes: Any) -> None:
    declared = {
        "from": "dlt", "function": "own_shop:shop", "resource": "orders", "key": "id",
        "arguments": {"since": "{cursor}", "token": "{secret:token}"},
        "cursor": {"column": "updated_at", "overlap": 0},
    }  # fmt: skip
    fetched.declare(home, "shop", {**declared, **changes}, token="token")
    (home.home / "sources" / "connectors" / "own_shop.py").write_text(OWN)


def test_a_function_of_the_shop_is_read_after_the_cursor(home):
    declare(home)
    assert (fetch("shop", home).reached, fetch("shop", home).files) == ("2024-06-02", 0)
    assert [row["id"] for row in fetched.rows(home, "shop")[0]] == [1, 2]


def test_dlt_may_send_no_telemetry(home, monkeypatch):
    from dlt.common.configuration import resolve_configuration
    from dlt.common.configuration.specs import RuntimeConfiguration

    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "true")
    declare(home)
    fetch("shop", home)
    assert resolve_configuration(RuntimeConfiguration()).dlthub_telemetry is False


def test_dlts_own_source_for_services_is_read_page_by_page(home):
    shop = Shop(*(order(number, number) for number in range(1, 6)))
    with serving(shop) as url:
        paginator = {"type": "page_number", "page_param": "page", "base_page": 1, "total_path": None}
        endpoint = {
            "path": "orders", "data_selector": "orders", "paginator": paginator,
            "params": {"since": "{cursor}"},
        }  # fmt: skip
        config = {"client": {"base_url": url}, "resources": [{"name": "orders", "endpoint": endpoint}]}
        cursor = {"column": "updated_at", "overlap": "1m", "start": at(0)}
        declare(home, function="dlt.sources.rest_api:rest_api_source", arguments={"config": config}, cursor=cursor)
        assert (fetch("shop", home).rows, fetch("shop", home).files) == (5, 0)


def test_mistakes_give_one_line(home):
    declare(home, function="own_shop:shops")
    with pytest.raises(ClvError, match="there is no function 'own_shop:shops'"):
        fetch("shop", home)
    declare(home, resource="lines")
    with pytest.raises(ClvError, match="has no resource 'lines'; it has orders, other"):
        fetch("shop", home)
    (home.home / "sources" / "connectors" / "unfinished.py").write_text("def shop(:")
    declare(home, function="unfinished:shop")
    with pytest.raises(ClvError, match=r"unfinished cannot be imported \(SyntaxError: .*; correct the file"):
        fetch("shop", home)
    declare(home)
    fetched.keep_secret(home, "token", "old-token")
    with pytest.raises(Unavailable, match="own_shop:shop fails") as failed:
        fetch("shop", home)
    assert "old-token" not in str(failed.value)
