"""Deliveries that replace each other, where what came before was told apart in another way."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from clv import sources
from clv.core import settings
from clv.privacy import erasing
from clv.transform import dbt
from clv.warehouse import db

LEAST = {"customer": "customer_id", "order": "order_id", "time": "ordered_at", "amount": "amount"}
OLDER = ["a,1,2024-05-01 10:00:00,10", "a,1,2024-05-01 10:00:00,5", "b,1,2024-05-01,7", "c,2,2024-05-02,8"]
NEWER = ["a,1,2024-05-01 10:00,10", "b,1,2024-05-01 00:00:00,7"]


@pytest.fixture
def ready(home: settings.Settings) -> settings.Settings:
    dbt.build("setup", {}, home)
    (home.home / "sources").mkdir()
    return home


def load(home: settings.Settings, folder: Path, name: str, rows: list[str], **said: object) -> int:
    """Loads rows as a file through the least mapping and what more is said; gives the batch."""
    (home.home / "sources" / "shop.yml").write_text(yaml.safe_dump({**LEAST, **said}))
    path = folder / name
    path.write_text("\n".join(["customer_id,order_id,ordered_at,amount", *rows]) + "\n")
    return sources.load("shop", path, home)[0].batch_id


def as_it_was_loaded_before() -> None:
    """Makes what is in raw what it was when rows were told apart by customer, order and time alone."""
    with db.connect() as connection:
        connection.execute("update raw.batches set row_key = null")
        connection.execute("""
            update raw.order_lines as lines
            set _row_key = replace(customer_key::text, '-', '') || '|' || order_id || '|' || ordered_at || '|' || number
            from (
                select ctid as place, row_number() over (
                    partition by _source, customer_key, order_id, ordered_at order by _line
                ) as number
                from raw.order_lines
            ) as numbered
            where lines.ctid = numbered.place
        """)


def revenue() -> list[tuple]:
    """What each customer's rows that count come to, and how many there are."""
    return db.rows(
        "select customer_id, sum(amount), count(*) from staging.stg_order_lines "
        "inner join pii.customers using (customer_key) group by 1 order by 1"
    )


def test_a_new_delivery_replaces_what_was_loaded_under_older_keys(ready, tmp_path):
    load(ready, tmp_path, "older.csv", OLDER)
    as_it_was_loaded_before()
    dbt.build("staging", {}, ready)
    before = [("a", Decimal(15), 2), ("b", Decimal(7), 1), ("c", Decimal(8), 1)]
    assert revenue() == before
    newer = load(ready, tmp_path, "newer.csv", NEWER)
    dbt.build("staging", {}, ready)
    assert revenue() == [("a", Decimal(10), 1), ("b", Decimal(7), 1), ("c", Decimal(8), 1)]
    sources.withdraw(newer, "wrong", ready)
    dbt.build("staging", {}, ready)
    assert revenue() == before


def test_a_file_read_anew_replaces_what_was_read_of_it(ready, tmp_path):
    twice = ["a,1,2024-05-01,10", "a,1,2024-05-01,10", "b,2,2024-05-01,7"]
    for number, row_key in enumerate(("content", "customer_order", "customer_order_time", "customer_order_time"), 1):
        assert load(ready, tmp_path, "orders.csv", twice, row_key=row_key) == min(number, 3)
    dbt.build("staging", {}, ready)
    assert revenue() == [("a", Decimal(10), 1), ("b", Decimal(7), 1)]
    counts = "select batch_id, rows_accepted, rows_duplicate, rows_replaced from staging.stg_batch_counts order by 1"
    assert db.rows(counts) == [(1, 0, 0, 3), (2, 0, 0, 3), (3, 2, 1, 0)]


def test_who_is_erased_from_a_delivery_stays_out_and_what_it_replaced_stays_replaced(ready, tmp_path):
    load(ready, tmp_path, "older.csv", ["a,1,2024-05-01,10", "b,2,2024-05-01,7"], row_key="order")
    load(ready, tmp_path, "newer.csv", ["q,1,2024-05-01,10", "q,3,2024-05-01,7"], row_key="order")
    erasing.erase(erasing.find("q", "shop", None, ready), ready)
    assert db.rows("select order_id from raw.order_lines where _batch_id = 2 order by _line") == [
        ("1",),
        (None,),
    ]
    dbt.build("staging", {}, ready)
    assert revenue() == [("b", Decimal(7), 1)]
    # They come again, and replace again what somebody else had, and nothing of them is there.
    load(ready, tmp_path, "again.csv", ["q,2,2024-05-01,7"], row_key="order")
    dbt.build("staging", {}, ready)
    assert revenue() == []
    assert db.rows("select count(*) from pii.customers where customer_id = 'q'") == [(0,)]
