"""Rows of an SQL database: by a cursor column, by changed rows, and while they change."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path
from typing import Any

import fetched
import pytest

from clv.core.errors import ClvError, Unavailable
from clv.core.settings import Settings
from clv.sources.fetching import landing
from clv.sources.fetching.fetch import fetch

CURSOR = {"column": "changed_at", "overlap": "1m"}


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(tmp_path, {})


@pytest.fixture
def shop(home: Settings) -> sqlite3.Connection:
    """A shop's database: order 1 with two lines, order 2 with one."""
    connection = sqlite3.connect(home.home / "shop.db", isolation_level=None)
    connection.execute("pragma journal_mode = wal")
    connection.execute("create table lines (order_id int, product text, amount numeric, changed_at text)")
    add(connection, (1, "tea", 5, "2024-06-01 10:00:00"), (1, "cup", 7, "2024-06-01 10:00:00"))
    add(connection, (2, "tea", 5, "2024-06-01 11:00:00"))
    return connection


def add(connection: sqlite3.Connection, *rows: tuple) -> None:
    connection.executemany("insert into lines values (?, ?, ?, ?)", rows)


def declare(home: Settings, **changes: Any) -> None:
    declared = {"from": "database", "url": f"sqlite:///{home.home / 'shop.db'}", "table": "lines", "key": "order_id"}
    fetched.declare(home, "shop", {**declared, "cursor": CURSOR, **changes})


def products(home: Settings) -> list[list[tuple]]:
    return [[(row["order_id"], row["product"]) for row in file] for file in fetched.rows(home, "shop")]


def test_an_order_is_delivered_whole_when_one_of_its_lines_changes(home, shop):
    declare(home)
    assert (fetch("shop", home).reached, fetch("shop", home).files) == ("2024-06-01 11:00:00", 0)
    shop.execute("update lines set amount = 8, changed_at = '2024-06-02 09:00:00' where product = 'cup'")
    assert fetch("shop", home).rows == 2
    assert products(home) == [[(1, "tea"), (1, "cup"), (2, "tea")], [(1, "tea"), (1, "cup")]]
    assert fetched.rows(home, "shop")[1][1] == {
        "order_id": 1, "product": "cup", "amount": 8, "changed_at": "2024-06-02 09:00:00",
    }  # fmt: skip


def test_a_mistyped_year_does_not_stop_the_orders_after_it(home, shop):
    add(shop, (3, "pot", 9, "2099-01-01 00:00:00"))
    declare(home)
    first = fetch("shop", home)
    assert (first.rows, first.reached) == (4, "2024-06-01 11:00:00")
    assert first.notes == [
        "1 value of the cursor column in the future, such as 2099-01-01 00:00:00; the rows are read by each fetch "
        "until the shop corrects them"
    ]
    add(shop, (4, "cup", 7, "2024-06-02 10:00:00"))
    assert (fetch("shop", home).reached, products(home)[1]) == ("2024-06-02 10:00:00", [(4, "cup")])


def test_without_a_cursor_what_changed_is_delivered_also_when_it_changes_back(home, shop):
    declare(home, cursor=None)
    fetch("shop", home)
    for amount in (6, 5):
        shop.execute("update lines set amount = ? where order_id = 2", (amount,))
        fetch("shop", home)
    assert fetch("shop", home).files == 0
    assert products(home) == [[(1, "tea"), (1, "cup"), (2, "tea")], [(2, "tea")], [(2, "tea")]]
    assert fetched.held(home, "shop", "order_id")[2][0]["amount"] == 5
    assert [path.name for path in fetched.files(home, "shop")][0] == "000001.jsonl.gz"


def test_rows_that_change_while_they_are_read_arrive_once_and_as_they_are_last(home, shop, monkeypatch):
    """After each file, an order that was read and one that was not read yet change, and a new one arrives."""
    for number in range(3, 40):
        add(shop, (number, "tea", 5, f"2024-06-01 12:{number:02}:00"))
    writes = iter(range(1, 100))
    commit = landing.Landing.commit

    def commit_and_change(self: landing.Landing) -> None:
        commit(self)
        if (turn := next(writes)) <= 5:
            moment = f"2024-06-03 00:0{turn}:00"
            shop.execute("update lines set amount = amount + 1, changed_at = ? where order_id in (1, 39)", (moment,))
            add(shop, (100 + turn, "new", 1, moment))

    monkeypatch.setattr(landing.Landing, "commit", commit_and_change)
    declare(home, rows_per_file=3)
    while fetch("shop", home).files:
        pass
    now = "select order_id, product, amount, changed_at from lines"
    expected: dict[int, list] = {}
    for row in shop.execute(now):
        expected.setdefault(row[0], []).append(
            dict(zip(("order_id", "product", "amount", "changed_at"), row, strict=True))
        )
    assert fetched.held(home, "shop", "order_id") == expected


def test_a_kill_after_any_file_continues_with_the_next(home, shop, monkeypatch):
    commit = landing.Landing.commit

    def killed_after_commit(self: landing.Landing) -> None:
        commit(self)
        raise KeyboardInterrupt

    declare(home, rows_per_file=1)
    with monkeypatch.context() as patch:
        patch.setattr(landing.Landing, "commit", killed_after_commit)
        with pytest.raises(KeyboardInterrupt):
            fetch("shop", home)
    assert fetch("shop", home).rows == 1
    assert products(home) == [[(1, "tea"), (1, "cup")], [(2, "tea")]]


def test_a_query_with_a_whole_number_as_cursor(home, shop):
    query = "select rowid as line, order_id, product from lines where product <> 'cup' and 'a:b' = 'a:b';"
    declare(home, table=None, query=query, key="line", cursor={"column": "line", "overlap": 1})
    assert fetch("shop", home).reached == "3"
    add(shop, (3, "pot", 9, "2024-06-01 12:00:00"))
    assert (fetch("shop", home).reached, products(home)) == ("4", [[(1, "tea"), (2, "tea")], [(3, "pot")]])


def test_a_comment_may_end_a_query(home, shop):
    declare(home, table=None, query="select * from lines -- all of them", cursor=None)
    assert fetch("shop", home).rows == 3


def test_a_value_of_another_cursor_column_does_not_count(home, shop):
    """Order 1 was paid after order 2 was changed; it is read when the cursor becomes `paid_at`."""
    shop.execute("alter table lines add column paid_at text")
    shop.execute("update lines set paid_at = '2024-06-01 09:00:00'")
    declare(home)
    fetch("shop", home)
    shop.execute("update lines set amount = 6, paid_at = '2024-06-01 10:30:00' where order_id = 1")
    declare(home, cursor={"column": "paid_at", "overlap": "1m"})
    assert (fetch("shop", home).rows, fetch("shop", home).files) == (2, 0)
    assert [path.name for path in fetched.files(home, "shop")] == [
        "000001-changed_at=2024-06-01%2011%3A00%3A00.jsonl.gz",
        "000002-paid_at=2024-06-01%2010%3A30%3A00.jsonl.gz",
    ]


@pytest.mark.parametrize(
    ("name", "reached"),
    [
        ("000001-at=2024-06-01.jsonl.gz", "2024-06-01"),
        ("000001-2024-06-01.jsonl.gz", "2024-06-01"),  # without a column
        ("000001-id=7.jsonl.gz", None),
        ("000001.jsonl.gz", None),
    ],
)
def test_a_name_says_how_far_its_file_reaches(name, reached):
    assert landing.reach(name, "at") == reached


def test_everything_is_read_again_on_request_and_only_what_differs_is_delivered(home, shop):
    declare(home)
    fetch("shop", home)
    shop.execute("update lines set amount = 6 where order_id = 1")  # without a new time
    assert fetch("shop", home).files == 0
    declare(home, cursor={"column": "rowid", "overlap": 0}, table=None, query="select rowid, * from lines")
    assert fetch("shop", home, again=True).reached == "3"
    assert fetch("shop", home).files == 0


def test_files_that_were_loaded_and_deleted_are_not_fetched_again(home, shop):
    declare(home)
    fetch("shop", home)
    (file,) = fetched.files(home, "shop")
    file.unlink()
    assert (
        fetch("shop", home, lambda: [file.name, "by-hand.csv"]).rows == 1
    )  # the order within the overlap, which nothing shows
    assert products(home) == [[(2, "tea")]]
    assert [path.name[:6] for path in fetched.files(home, "shop")] == ["000002"]


def test_changed_columns_and_rows_that_are_never_read_are_reported(home, shop):
    declare(home)
    assert fetch("shop", home).notes == []
    shop.execute("alter table lines rename column amount to paid")
    shop.execute("alter table lines add column store text")
    shop.execute("insert into lines values (3, 7, 5, '2024-06-03 10:00:00', 'A'), (4, 'tea', 5, null, 'A')")
    assert fetch("shop", home).notes == [
        "the column 'paid' is new since the file before",
        "the column 'store' is new since the file before",
        "the column 'amount' is gone since the file before",
        "1 rows without a key or a value of the cursor column are never read",
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"table": "orders"}, r"the database cannot be read \(no such table: orders\)"),
        ({"key": "id"}, "no such column"),
        ({"url": "nonsense"}, "url holds no address of a database; write it as postgresql"),
        ({"url": "sqlite:////nowhere/shop.db"}, "unable to open database file"),
        ({"url": "mysql+pymysql://u@127.0.0.1/shop"}, r"needs the package pymysql; install it, or .*`make bootstrap-c"),
        ({"cursor": {"column": "product"}}, "the cursor column has 'tea', which is no time; correct `overlap`"),
    ],
)
def test_mistakes_give_one_line(home, shop, monkeypatch, changes, message):
    monkeypatch.setitem(sys.modules, "pymysql", None)
    declare(home, **changes)
    with pytest.raises(ClvError, match=message):
        [fetch("shop", home) for _ in range(2)]


@pytest.mark.parametrize("password", ["pa@ss", "p@ss/w@rd"])
def test_an_at_sign_in_a_password_is_refused_before_a_message_shows_a_part(home, password):
    declare(home, url="{secret:shop_url}", table="orders")
    path = fetched.keep_secret(home, "shop_url", f"postgresql+psycopg://ann:{password}@127.0.0.1:1/shop")
    with pytest.raises(ClvError) as refused:
        fetch("shop", home)
    assert str(refused.value) == f"{path} has an @ within the user or the password; write it as %40"


def test_a_password_is_in_no_message(home):
    declare(home, url="{secret:shop_url}", table="orders")
    path = fetched.keep_secret(home, "shop_url", "postgresql+psycopg://ann:pa%20ss@127.0.0.1:1/shop")
    with pytest.raises(Unavailable) as refused:
        fetch("shop", home)
    assert str(path) in str(refused.value)
    assert "pa%20ss" not in str(refused.value)
    assert "pa ss" not in str(refused.value)
    path.chmod(0o644)
    with pytest.raises(ClvError, match=f"can be read by others; close it: chmod 600 {path}"):
        fetch("shop", home)
