"""Files of every type and state are loaded into a real warehouse: once, in order, and they can be withdrawn and
restored."""

from __future__ import annotations

import json
import threading
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet
import pytest
from ingest_files import HEADER, ROWS, lines, loaded, source, write

from clv import sources
from clv.core.errors import ClvError
from clv.warehouse import db


@pytest.mark.parametrize("name", ["o.csv", "o.csv.gz", "o.tsv", "o.jsonl", "o.ndjson.gz", "o.parquet"])
def test_every_kind_of_file_gives_the_same_rows(home, tmp_path, name):
    path, first_line = tmp_path / name, 2
    fields = [row.split(",") for row in ROWS]
    if name == "o.parquet":
        values = [[float(a), b, datetime.fromisoformat(c), float(d)] for a, b, c, d in fields]
        columns = dict(zip(HEADER.split(","), map(list, zip(*values, strict=True)), strict=True))
        pyarrow.parquet.write_table(pa.table(columns), path)
        first_line = 1
    elif "json" in name:
        first, *rest = [json.dumps(dict(zip(HEADER.split(","), row, strict=True))) for row in fields]
        write(path, *rest, header=first)
        first_line = 1
    elif name == "o.tsv":
        write(path, *[row.replace(",", "\t") for row in ROWS], header=HEADER.replace(",", "\t"))
    else:
        write(path, *ROWS)
    keys = {"file": {"delimiter": "\t"}} if name == "o.tsv" else {}
    (result,) = sources.load(source(home, **keys), path, home)
    assert (result.received, result.loaded, result.unreadable) == (3, 3, 0)
    assert lines() == [(line + first_line - 2, *rest) for line, *rest in loaded()]
    assert db.rows("select customer_id from pii.customers order by 1") == [("1",), ("2",)]
    assert db.rows("select count(*) from raw.order_lines join pii.customers using (customer_key)") == [(3,)]


def test_the_same_content_is_loaded_once(home, tmp_path):
    first = sources.load("orders", write(tmp_path / "o.csv", *ROWS), home)[0]
    again = sources.load("orders", write(tmp_path / "copy.csv.gz", *ROWS), home)[0]
    assert (again.batch_id, again.already_loaded, again.file_name) == (first.batch_id, True, "o.csv")
    changed = sources.load("orders", write(tmp_path / "o.csv", *ROWS[:2]), home)[0]
    assert changed.batch_id != first.batch_id
    assert len(lines()) == 5


def held() -> list[tuple]:
    return db.rows("select batch_id, file_name, rows_loaded, delivery from raw.batches order by batch_id")


def test_the_names_of_a_mapping_and_of_a_file_may_hold_a_quote(home, tmp_path):
    name = source(home, "o'brien")
    sources.load(name, write(tmp_path / "may's [1].csv", *ROWS), home)
    assert lines() == loaded()
    assert db.rows("select distinct _source from raw.order_lines") == [("o'brien",)]


def test_a_replaced_file_can_be_delivered_again(home, tmp_path):
    def sent(*rows: str) -> sources.BatchResult:
        return sources.load("orders", write(tmp_path / "o.csv", *rows), home)[0]

    sent(*ROWS)
    broken = sent(*ROWS[:1])
    good = sent(*ROWS)
    assert (good.already_loaded, good.loaded) == (False, 3)
    assert sent(*ROWS).already_loaded
    assert held() == [(1, "o.csv", 3, 1), (2, "o.csv", 1, 1), (3, "o.csv", 3, 2)]
    sources.withdraw(good.batch_id, "wrong", home)
    again = sent(*ROWS)
    assert (again.batch_id, again.withdrawn) == (good.batch_id, True)
    sources.restore(good.batch_id, home)
    sources.withdraw(broken.batch_id, "broken", home)
    assert not sent(*ROWS).withdrawn
    assert len(held()) == 3


def test_the_landing_folder_does_not_undo_a_correction_loaded_by_hand(home, tmp_path):
    write(home.landing / "orders" / "o.csv", *ROWS)
    sources.landing(home)
    sources.load("orders", write(tmp_path / "o.csv", *ROWS[:2]), home)
    assert sources.landing(home)[0].already_loaded
    write(home.landing / "orders" / "o.csv", *ROWS[:1])
    assert not sources.landing(home)[0].already_loaded
    write(home.landing / "orders" / "o.csv", *ROWS)
    assert not sources.landing(home)[0].already_loaded
    assert sources.landing(home)[0].already_loaded
    assert len(held()) == 4


def test_two_loads_at_once_load_it_once(home, tmp_path):
    path = write(tmp_path / "o.csv", *ROWS)
    results: list[sources.BatchResult] = []
    threads = [threading.Thread(target=lambda: results.extend(sources.load("orders", path, home))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(result.already_loaded for result in results) == [False, True, True]
    assert len(lines()) == 3


def test_a_load_that_breaks_leaves_nothing(home, tmp_path, monkeypatch):
    def breaks(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("clv.sources.loading.writing.copy_customers", breaks)
    with pytest.raises(KeyboardInterrupt):
        sources.load("orders", write(tmp_path / "o.csv", *ROWS, "9,z,never,1"), home)
    for table in ("raw.batches", "raw.order_lines", "quarantine.unreadable_rows", "ops.settings"):
        assert db.rows(f"select count(*) from {table}") == [(0,)], table


def test_the_landing_folder_is_loaded_file_by_file(home):
    write(home.landing / "orders" / "2024" / "02.csv", *ROWS[2:])
    write(home.landing / "orders" / "2024" / "01.csv.gz", *ROWS[:2])
    assert [result.file_name for result in sources.landing(home)] == ["2024/01.csv.gz", "2024/02.csv"]
    assert all(result.already_loaded for result in sources.landing(home))


def test_other_files_in_the_landing_folder_are_ignored(home):
    for name in ("notes/.DS_Store", "notes/notes.md", "orders/orders.csv.part", "stray.csv"):
        write(home.landing / name, *ROWS)
    assert sources.landing(home) == []


def test_a_batch_can_be_withdrawn_and_restored(home, tmp_path):
    batch = sources.load("orders", write(tmp_path / "o.csv", *ROWS), home)[0].batch_id
    sources.withdraw(batch, "sent by mistake", home)
    assert db.rows("select batch_id, reason from raw.withdrawals") == [(batch, "sent by mistake")]
    sources.restore(batch, home)
    assert db.rows("select count(*) from raw.withdrawals") == [(0,)]


@pytest.mark.parametrize(
    ("lines", "header", "words"),
    [
        (["1,a,2024-01-01"], "customer_id,order_id,ordered_at", "o.csv has no column 'amount'.*customer_id, order_id"),
        ([], "", "o.csv has no column|holds no line"),
    ],
)
def test_a_missing_column_is_named(home, tmp_path, lines, header, words):
    with pytest.raises(ClvError, match=words):
        sources.load("orders", write(tmp_path / "o.csv", *lines, header=header), home)


def test_mistakes_are_one_line(home, tmp_path):
    with pytest.raises(ClvError, match="no source 'shopfy'; known sources are .*shopify"):
        sources.load("shopfy", tmp_path, home)
    (tmp_path / "o.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(ClvError, match="o.parquet is not a readable Parquet file"):
        sources.load("orders", tmp_path / "o.parquet", home)
    with pytest.raises(ClvError, match="no batch 7"):
        sources.withdraw(7, "wrong", home)


def test_the_simulated_shop(home, tmp_path):
    import sample_shop
    from clv.core import dates

    facts = sample_shop.make(tmp_path, customers=150, seed=5, until=dates.parse_date("2024-06-01"), history_days=400)
    results = sources.load("sample_shop", tmp_path / "orders", home)
    assert sum(result.received for result in results) == facts["rows"]
    assert db.rows("select count(*) from pii.customers")[0][0] >= 150
    assert db.rows("select distinct _rule from raw.order_lines where _rule is not null") == [("test_order",)]
    agreed = dict(db.rows("select may_contact, count(distinct customer_key) from raw.order_lines group by 1"))
    assert set(agreed) == {True, False, None}
    assert agreed[True] == pytest.approx(0.55 * 150, abs=20)
    coded = "select distinct discount > 0, campaign is not null, discount_code is not null from raw.order_lines"
    assert set(db.rows(f"{coded} where amount > 0")) == {(True, True, True), (False, False, False)}
