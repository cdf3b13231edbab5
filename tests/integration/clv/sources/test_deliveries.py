"""Deliveries replace each other, even if the earlier one was loaded with another row key."""

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

pytestmark = pytest.mark.set_up

LEAST = {"customer": "customer_id", "order": "order_id", "time": "ordered_at", "amount": "amount"}
OLDER = ["a,1,2024-05-01 10:00:00,10", "a,1,2024-05-01 10:00:00,5", "b,1,2024-05-01,7", "c,2,2024-05-02,8"]
NEWER = ["a,1,2024-05-01 10:00,10", "b,1,2024-05-01 00:00:00,7"]


@pytest.fixture
def ready(home: settings.Settings) -> settings.Settings:
    (home.home / "sources").mkdir()
    return home


def load(home: settings.Settings, folder: Path, name: str, rows: list[str], **keys: object) -> int:
    """Loads rows as a file through the smallest mapping with more keys; returns the batch."""
    (home.home / "sources" / "shop.yml").write_text(yaml.safe_dump({**LEAST, **keys}))
    path = folder / name
    path.write_text("\n".join(["customer_id,order_id,ordered_at,amount", *rows]) + "\n")
    return sources.load("shop", path, home)[0].batch_id


def use_former_row_keys() -> None:
    """Changes the row keys in raw to those of a former version: customer, order and time alone."""
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
    """Returns the revenue and the number of accepted rows for each customer."""
    return db.rows(
        "select customer_id, sum(amount), count(*) from staging.stg_order_lines "
        "inner join pii.customers using (customer_key) group by 1 order by 1"
    )


def test_a_new_delivery_replaces_what_was_loaded_under_older_keys(ready, tmp_path):
    load(ready, tmp_path, "older.csv", OLDER)
    use_former_row_keys()
    dbt.build("staging", {}, ready)
    before = [("a", Decimal(15), 2), ("b", Decimal(7), 1), ("c", Decimal(8), 1)]
    assert revenue() == before
    newer = load(ready, tmp_path, "newer.csv", NEWER)
    dbt.build("staging", {}, ready)
    assert revenue() == [("a", Decimal(10), 1), ("b", Decimal(7), 1), ("c", Decimal(8), 1)]
    sources.withdraw(newer, "wrong", ready)
    dbt.build("staging", {}, ready)
    assert revenue() == before


def test_a_file_read_again_replaces_what_was_read_from_it(ready, tmp_path):
    twice = ["a,1,2024-05-01,10", "a,1,2024-05-01,10", "b,2,2024-05-01,7"]
    for number, row_key in enumerate(("content", "customer_order", "customer_order_time", "customer_order_time"), 1):
        assert load(ready, tmp_path, "orders.csv", twice, row_key=row_key) == min(number, 3)
    dbt.build("staging", {}, ready)
    assert revenue() == [("a", Decimal(10), 1), ("b", Decimal(7), 1)]
    counts = "select batch_id, rows_accepted, rows_duplicate, rows_replaced from staging.stg_batch_counts order by 1"
    assert db.rows(counts) == [(1, 0, 0, 3), (2, 0, 0, 3), (3, 2, 1, 0)]


def test_erased_rows_stay_out_and_the_rows_that_they_replaced_stay_replaced(ready, tmp_path):
    load(ready, tmp_path, "older.csv", ["a,1,2024-05-01,10", "b,2,2024-05-01,7"], row_key="order")
    load(ready, tmp_path, "newer.csv", ["q,1,2024-05-01,10", "q,3,2024-05-01,7"], row_key="order")
    erasing.erase(erasing.find("q", "shop", None, ready), ready)
    assert db.rows("select order_id from raw.order_lines where _batch_id = 2 order by _line") == [
        ("1",),
        (None,),
    ]
    dbt.build("staging", {}, ready)
    assert revenue() == [("b", Decimal(7), 1)]
    # The erased customer's rows are delivered again. They replace another customer's order again, but none of their
    # values is stored.
    load(ready, tmp_path, "again.csv", ["q,2,2024-05-01,7"], row_key="order")
    dbt.build("staging", {}, ready)
    assert revenue() == []
    assert db.rows("select count(*) from pii.customers where customer_id = 'q'") == [(0,)]


def test_a_key_that_only_erased_rows_share_goes(ready, tmp_path):
    load(ready, tmp_path, "older.csv", ["p,1,2024-05-01,10", "b,2,2024-05-01,7"], row_key="order")
    load(ready, tmp_path, "newer.csv", ["q,1,2024-05-02,10"], row_key="order")
    dbt.build("staging", {}, ready)
    keys = "select order_id, _row_key from raw.order_lines where _rule = 'erased' order by _batch_id"
    erasing.erase(erasing.find("p", "shop", None, ready), ready)
    assert [order for order, _ in db.rows(keys)] == ["1"]  # for q's order, which replaced it
    erasing.erase(erasing.find("q", "shop", None, ready), ready)
    assert db.rows(keys) == [(None, "erased|1|2"), (None, "erased|2|2")]
    assert "1" not in [order for (order,) in db.rows("select order_id from raw.order_lines")]
    hashes = "select row_hash from staging.stg_line_verdicts where batch_id = 1 and line = 2"
    assert db.rows(hashes) == db.rows("select ops.group_hash('row', 'shop', 'erased|1|2')")
