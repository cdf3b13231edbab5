"""Declarations of connectors: mistakes are named with their file and key, and secrets are not repeated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fetched
import pytest

from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.sources.fetching import declaration

DATABASE = {"from": "database", "url": "sqlite://", "table": "orders", "key": "id"}
HTTP = {"from": "http", "url": "https://shop.example/orders", "key": "id"}


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(tmp_path, {})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"key": "id"}, "shop.yml: 'from' is one of database, dlt, files, http"),
        ({"from": "fax"}, "shop.yml: 'from' is one of database, dlt, files, http"),
        ({**DATABASE, "tabel": "x"}, "shop.yml: 'tabel': is not a key of this part; remove it"),
        ({**DATABASE, "query": "select 1"}, "shop.yml: name either a `table` or a `query`"),
        ({"from": "database", "url": "sqlite://", "table": "orders"}, "shop.yml: 'key': is missing; write it"),
        ({**DATABASE, "cursor": {"column": "id", "overlap": "soon"}}, "write a duration such as 90m, 12h or 30d"),
        ({**HTTP, "pages": {"by": "magic"}}, "'pages'"),
        ({**HTTP, "pages": {"by": "number"}}, "'pages.number.size': is missing; write it"),
        ({**HTTP, "pages": {"by": "cursor", "number": "page", "size": 5}}, "pages by cursor need a `cursor`"),
        ({**HTTP, "cursor": {"column": "at", "parameter": "since", "window": "30d"}}, "`window` needs `until`"),
        ([], "shop.yml declares nothing; write it as in `from: database`"),
        ({"ready": "fax"}, "shop.yml: 'ready' is one of "),
        ({"ready": ["shopify_api"]}, "shop.yml: 'ready' is one of "),
        ({"ready": "shopify_api", "values": "tea"}, "write `values` with their names, as in values: {shop: my-shop}"),
        ({"ready": "shopify_api", "values": {"shop": None}}, "write under `values` shop (the name before"),
    ],
)
def test_mistakes_name_the_file_and_the_key(home: Settings, content: Any, message: str):
    fetched.declare(home, "shop", content)
    with pytest.raises(ClvError) as found:
        declaration.load("shop", home)
    assert message in str(found.value)
    assert "\n" not in str(found.value)


def test_a_wrong_value_is_not_repeated(home):
    fetched.declare(home, "shop", {**DATABASE, "url": ["postgresql://ann:password@server"]})
    with pytest.raises(ClvError) as found:
        declaration.load("shop", home)
    assert str(found.value) == "shop.yml: 'url': Input should be a valid string"


def test_declared_sources_are_listed_and_unknown_ones_named(home):
    assert declaration.declared(home) == []
    fetched.declare(home, "shop", DATABASE)
    fetched.declare(home, "by_hand", {**HTTP, "daily": False})
    fetched.declare(home, "wrong", {})
    assert (declaration.declared(home), declaration.daily(home)) == (["by_hand", "shop", "wrong"], ["shop", "wrong"])
    with pytest.raises(
        ClvError, match=r"no connector 'other': write .*other.yml .*; declared are by_hand, shop, wrong"
    ):
        declaration.load("other", home)
    (home.home / declaration.FOLDER / "bad.yml").write_text("a: [")
    with pytest.raises(ClvError, match="bad.yml is not YAML"):
        declaration.load("bad", home)


def test_a_ready_declaration_takes_the_shops_values_and_changes(home, tmp_path, monkeypatch):
    ready = tmp_path / "ready"
    ready.mkdir()
    (ready / "fax.yml").write_text(
        "from: http\nurl: https://{shop}.example/orders\nkey: id\nvalues: {shop: the name of the shop}\n"
        "cursor: {column: at, parameter: since, start: '2020-01-01'}\n"
    )
    monkeypatch.setattr(declaration, "READY", ready)
    fetched.declare(home, "shop", {"ready": "fax"})
    with pytest.raises(ClvError, match=r"shop.yml: write under `values` shop \(the name of the shop\)"):
        declaration.load("shop", home)
    changed = {"cursor": {"start": "2024-01-01"}, "rows_per_file": 10}
    fetched.declare(home, "shop", {"ready": "fax", "values": {"shop": "https://tea/"}, **changed})
    found = declaration.load("shop", home)
    assert isinstance(found, declaration.Http)
    assert found.url == "https://tea.example/orders"
    assert found.cursor
    assert (found.cursor.column, found.cursor.start, found.rows_per_file) == ("at", "2024-01-01", 10)
