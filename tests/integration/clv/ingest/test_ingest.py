"""Files of every kind and state into raw, with a real warehouse: counted, once, and with what is wrong set apart."""

# ruff: noqa: DTZ001 - times in raw are naive, in the reporting zone
from __future__ import annotations

import gzip
import json
import threading
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
import yaml

from clv import ingest, warehouse
from clv.errors import ClvError

HEADER = "customer_id,order_id,ordered_at,amount"
ROWS = ["1,a,2024-01-01 10:00:00,5.50", "2,b,2024-01-02 11:00:00,7", "1,c,2024-02-01 09:30:00,-5.50"]


def write(path: Path, *lines: str, header: str = HEADER) -> Path:
    """A text file of a header and lines; gzip'd where the name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = "\n".join([header, *lines]).encode() + b"\n"
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def source(home, name: str = "shop", **said) -> str:
    """A mapping of the four columns in the home's own sources, with more said."""
    least = {"customer": "customer_id", "order": "order_id", "time": "ordered_at", "amount": "amount"}
    (home.home / "sources").mkdir(exist_ok=True)
    (home.home / "sources" / f"{name}.yml").write_text(yaml.safe_dump({**least, **said}))
    return name


def lines(columns: str = "_line, order_id, ordered_at, amount") -> list[tuple]:
    return warehouse.rows(f"select {columns} from raw.order_lines order by _batch_id, _line, amount desc")


def unreadable() -> list[tuple]:
    return warehouse.rows("""
        select line, reason, texts.raw_text from quarantine.unreadable_rows
        inner join pii.unreadable_texts as texts using (batch_id, line) order by line
    """)


def loaded() -> list[tuple]:
    """What the three ROWS look like in raw."""
    return [
        (2, "a", datetime(2024, 1, 1, 10), Decimal("5.5")),
        (3, "b", datetime(2024, 1, 2, 11), Decimal(7)),
        (4, "c", datetime(2024, 2, 1, 9, 30), Decimal("-5.5")),
    ]


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
    said = {"file": {"delimiter": "\t"}} if name == "o.tsv" else {}
    (result,) = ingest.load(source(home, **said), path, home)
    assert (result.received, result.loaded, result.unreadable) == (3, 3, 0)
    assert lines() == [(line + first_line - 2, *rest) for line, *rest in loaded()]
    assert warehouse.rows("select customer_id from pii.customers order by 1") == [("1",), ("2",)]
    assert warehouse.rows("select count(*) from raw.order_lines join pii.customers using (customer_key)") == [(3,)]


def test_the_same_content_is_loaded_once(home, tmp_path):
    first = ingest.load("orders", write(tmp_path / "o.csv", *ROWS), home)[0]
    again = ingest.load("orders", write(tmp_path / "copy.csv.gz", *ROWS), home)[0]
    assert (again.batch_id, again.already_loaded, again.file_name) == (first.batch_id, True, "o.csv")
    changed = ingest.load("orders", write(tmp_path / "o.csv", *ROWS[:2]), home)[0]
    assert changed.batch_id != first.batch_id
    assert len(lines()) == 5


def held() -> list[tuple]:
    return warehouse.rows("select batch_id, file_name, rows_loaded, delivery from raw.batches order by batch_id")


def test_what_another_file_replaced_can_come_again(home, tmp_path):
    def sent(*rows: str) -> ingest.BatchResult:
        return ingest.load("orders", write(tmp_path / "o.csv", *rows), home)[0]

    sent(*ROWS)
    broken = sent(*ROWS[:1])
    good = sent(*ROWS)
    assert (good.already_loaded, good.loaded) == (False, 3)
    assert sent(*ROWS).already_loaded
    assert held() == [(1, "o.csv", 3, 1), (2, "o.csv", 1, 1), (3, "o.csv", 3, 2)]
    ingest.withdraw(good.batch_id, "wrong", home)
    again = sent(*ROWS)
    assert (again.batch_id, again.withdrawn) == (good.batch_id, True)
    ingest.restore(good.batch_id, home)
    ingest.withdraw(broken.batch_id, "broken", home)
    assert not sent(*ROWS).withdrawn
    assert len(held()) == 3


def test_landing_does_not_undo_a_correction_made_by_hand(home, tmp_path):
    write(home.landing / "orders" / "o.csv", *ROWS)
    ingest.landing(home)
    ingest.load("orders", write(tmp_path / "o.csv", *ROWS[:2]), home)
    assert ingest.landing(home)[0].already_loaded
    write(home.landing / "orders" / "o.csv", *ROWS[:1])
    assert not ingest.landing(home)[0].already_loaded
    write(home.landing / "orders" / "o.csv", *ROWS)
    assert not ingest.landing(home)[0].already_loaded
    assert ingest.landing(home)[0].already_loaded
    assert len(held()) == 4


def test_two_loads_at_once_load_it_once(home, tmp_path):
    path = write(tmp_path / "o.csv", *ROWS)
    results: list[ingest.BatchResult] = []
    threads = [threading.Thread(target=lambda: results.extend(ingest.load("orders", path, home))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(result.already_loaded for result in results) == [False, True, True]
    assert len(lines()) == 3


def test_a_load_that_breaks_leaves_nothing(home, tmp_path, monkeypatch):
    def breaks(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("clv.ingest.writing.copy_customers", breaks)
    with pytest.raises(KeyboardInterrupt):
        ingest.load("orders", write(tmp_path / "o.csv", *ROWS, "9,z,never,1"), home)
    for table in ("raw.batches", "raw.order_lines", "quarantine.unreadable_rows", "ops.settings"):
        assert warehouse.rows(f"select count(*) from {table}") == [(0,)], table


def test_the_landing_folder_is_loaded_file_by_file(home):
    write(home.landing / "orders" / "2024" / "02.csv", *ROWS[2:])
    write(home.landing / "orders" / "2024" / "01.csv.gz", *ROWS[:2])
    assert [result.file_name for result in ingest.landing(home)] == ["2024/01.csv.gz", "2024/02.csv"]
    assert all(result.already_loaded for result in ingest.landing(home))


def test_other_files_in_the_landing_folder_are_let_be(home):
    for name in ("notes/.DS_Store", "notes/notes.md", "orders/orders.csv.part", "stray.csv"):
        write(home.landing / name, *ROWS)
    assert ingest.landing(home) == []


def test_unreadable_rows_are_kept_with_line_reason_and_text(home, tmp_path):
    path = tmp_path / "o.csv"
    bad = [
        '1,"two\nlines",2024-01-01,4',
        "",
        "2,x,2024-01-01",
        "3,y,2024-13-45,5",
        '4,"q "z,2024-01-01,5',
        "5,w,2024-01-01,1o",
    ]
    write(path, ROWS[0], *bad, ROWS[1], "6,v,2024-01-01,1,9")
    path.write_bytes(path.read_bytes() + b"7,\xe9,2024-01-01,3\n8,u,2024-01-01,2\n")
    (result,) = ingest.load("orders", path, home)
    assert (result.received, result.loaded, result.unreadable) == (10, 4, 6)
    assert [(line, order) for line, order, *_ in lines()] == [(2, "a"), (3, "two\nlines"), (10, "b"), (13, "u")]
    assert unreadable() == [
        (6, "has 3 fields where 4 are expected", "2,x,2024-01-01"),
        (7, "ordered_at '2024-13-45' is not a time", "3,y,2024-13-45,5"),
        (8, "has a quote that does not close", '4,"q "z,2024-01-01,5'),
        (9, "amount '1o' is not a number with a decimal point and no marks between thousands", "5,w,2024-01-01,1o"),
        (11, "has 5 fields where 4 are expected", "6,v,2024-01-01,1,9"),
        (12, "is not UTF-8; name its encoding in the mapping", "7,\\xe9,2024-01-01,3"),
    ]


def test_what_looks_wrong_is_told_and_kept_beside_the_batch(home, tmp_path):
    path = write(tmp_path / "o.csv", *ROWS, "1,d,2024-03-05,")
    (result,) = ingest.load("orders", path, home, today=date(2024, 1, 31))
    ahead, empty = result.warnings
    assert ahead.startswith("2 rows are dated after today, 2024-01-31, in 'ordered_at' (the first in line 4); look")
    assert empty.startswith("1 row has no amount in 'amount' (the first in line 5); where an order's total")
    kept = "select batch_id, place, warning from raw.batch_warnings order by place"
    assert warehouse.rows(kept) == [(result.batch_id, 1, ahead), (result.batch_id, 2, empty)]
    assert [line for line in ingest.told(result, home) if "warning" in line] == [
        f"  warning: {ahead}",
        f"  warning: {empty}",
    ]


def test_unreadable_json_and_parquet_rows(home, tmp_path):
    row = {"customer_id": 1, "order_id": "a", "ordered_at": "2024-01-01", "amount": 3}
    rows = [
        json.dumps(row),
        "{broken",
        "[1]",
        "",
        json.dumps({**row, "amount": "x"}),
        json.dumps({**row, "amount": None}),
    ]
    (tmp_path / "o.jsonl").write_text("\n".join(rows))
    (result,) = ingest.load("orders", tmp_path / "o.jsonl", home)
    assert (result.received, result.loaded) == (5, 2)
    assert [line for line, *_ in unreadable()] == [2, 3, 5]
    assert unreadable()[0][2] == "{broken"
    pyarrow.parquet.write_table(
        pa.table({name: [str(value)] for name, value in {**row, "amount": "x"}.items()}), tmp_path / "o.pq"
    )
    assert ingest.load("orders", tmp_path / "o.pq", home)[0].unreadable == 1
    assert '"amount":"x"' in warehouse.rows("select raw_text from pii.unreadable_texts where line = 1")[0][0]


def test_missing_values_are_loaded_as_null(home, tmp_path):
    ingest.load(
        "orders", write(tmp_path / "o.csv", ",a,2024-01-01,1", "1,,2024-01-01,1", "1,b,,1", "1,c,2024-01-01, "), home
    )
    found = lines("customer_key is null, order_id is null, ordered_at is null, amount is null")
    assert found == [tuple(place == row for place in range(4)) for row in range(4)]


def test_the_campaign_and_the_discount_code_are_read_where_a_file_has_them(home, tmp_path):
    header = f"{HEADER},campaign,discount_code"
    ingest.load("orders", write(tmp_path / "a.csv", f"{ROWS[0]},spring,TEN", f"{ROWS[1]},,", header=header), home)
    ingest.load("orders", write(tmp_path / "b.csv", ROWS[2]), home)
    assert lines("campaign, discount_code") == [("spring", "TEN"), (None, None), (None, None)]


def test_times_are_read_in_the_mappings_zone(home, tmp_path):
    said = {
        "time": {"column": "ordered_at", "formats": ["%d.%m.%Y %H:%M", "%Y/%m/%d %H:%M %z"]},
        "time_zone": "Europe/Berlin",
    }
    times = [
        "01.07.2024 00:30",
        "2024-01-15 12:00:00",
        "2024-01-15T12:00:00-05:00",
        "2024-01-15 12:00:00 +0530",
        "2024/01/15 12:00 -0100",
    ]
    ingest.load(
        source(home, **said), write(tmp_path / "o.csv", *[f"1,{n},{time},1" for n, time in enumerate(times)]), home
    )
    assert [at for (at,) in lines("ordered_at")] == [
        datetime(2024, 6, 30, 22, 30),
        datetime(2024, 1, 15, 11),
        datetime(2024, 1, 15, 17),
        datetime(2024, 1, 15, 6, 30),
        datetime(2024, 1, 15, 13),
    ]


def test_numbers_encodings_and_signs(home, tmp_path):
    said = {
        "file": {
            "decimal": ",", "thousands": ".", "delimiter": ";", "encoding": "cp1252",
            "header": ["who", "o", "t", "m", "kind"], "missing": ["-"],
        },
        "customer": "who", "order": "o", "time": "t", "amount": "m",
        "sign": {"column": "kind", "negative": ["Rückgabe"]},
    }  # fmt: skip
    text = "zoë;a;2024-01-01;1.234,56;Kauf\nzoë;b;2024-01-02;10,5;Rückgabe\n-;c;2024-01-02;-;Kauf\n"
    (tmp_path / "o.csv").write_bytes(text.encode("cp1252"))
    ingest.load(source(home, **said), tmp_path / "o.csv", home)
    assert lines("_line, amount") == [(1, Decimal("1234.56")), (2, Decimal("-10.5")), (3, None)]
    assert warehouse.rows("select customer_id from pii.customers") == [("zoë",)]


def test_one_currency_per_warehouse(home, tmp_path):
    path = write(tmp_path / "o.csv", *ROWS)
    ingest.load(source(home, "pounds", currency="GBP"), path, home)
    with pytest.raises(ClvError, match="USD and the warehouse in GBP.*rate"):
        ingest.load(source(home, "dollars", currency="USD"), path, home)
    rate = {"code": "USD", "rates": {"GBP": 1, "USD": 0.8}}
    ingest.load(source(home, "dollars", currency=rate), path, home)
    assert lines("amount")[3:] == [(Decimal("4.4"),), (Decimal("5.6"),), (Decimal("-4.4"),)]
    ingest.load("orders", path, home)
    mixed = write(
        tmp_path / "mixed.csv",
        *[f"{row},{code}" for row, code in zip(ROWS, ("GBP", "EUR", ""), strict=True)],
        header=f"{HEADER},currency",
    )
    with pytest.raises(ClvError, match="EUR and the warehouse in GBP"):
        ingest.load("orders", mixed, home)


def in_currency(home, currency: str | None):
    return replace(home, shop={**home.shop, "currency": currency})


def test_a_warehouse_without_currency_takes_the_one_of_shop_json(home, tmp_path):
    path = write(tmp_path / "o.csv", *ROWS)
    ingest.load("orders", path, home)
    with pytest.raises(ClvError, match='GBP and the orders in the warehouse state no currency; .*"GBP"'):
        ingest.load(source(home, currency="GBP"), path, home)
    ingest.load("shop", path, in_currency(home, "GBP"))
    assert warehouse.rows("select value from ops.settings where name = 'currency'") == [("GBP",)]
    with pytest.raises(ClvError, match=r"shop\.json says currency EUR and the warehouse is in GBP"):
        ingest.load("orders", write(tmp_path / "p.csv", *ROWS[:1]), in_currency(home, "EUR"))


def test_long_numbers_are_exact_or_unreadable(home, tmp_path):
    name = source(home, amount={"quantity": "quantity", "price": "price"})
    factors = ["0.1234567,0.0000001", "1000000000000,3", "9" * 12 + "," + "9" * 12, "9" * 14 + ",1"]
    path = write(
        tmp_path / "o.csv",
        *[f"1,{place},2024-01-01,{pair}" for place, pair in enumerate(factors)],
        header="customer_id,order_id,ordered_at,quantity,price",
    )
    ingest.load(name, path, home)
    assert lines("amount, quantity") == [
        (Decimal("0.00000001234567"), Decimal("0.1234567")),
        (Decimal(3 * 10**12), Decimal(10**12)),
    ]
    assert [(line, reason) for line, reason, _ in unreadable()] == [
        (4, "the amount is too large"),
        (5, "quantity '99999999999999' is 10,000,000,000,000 or more: too large"),
    ]


def test_row_keys_tell_lines_from_duplicates(home, tmp_path):
    same, other = "1,a,2024-01-01,5", "1,a,2024-01-01,6"
    ingest.load("orders", write(tmp_path / "o.csv", same, other, same, "2,a,2024-01-02,5"), home)
    keys = [key for (key,) in lines("_row_key")]
    assert keys[0] == keys[2]
    assert len(set(keys)) == 3
    # What names a product is a line: two equal ones are two.
    header = f"{HEADER},product_id"
    ingest.load(
        "orders", write(tmp_path / "l.csv", *[f"{row},pen" for row in (same, other, same)], header=header), home
    )
    assert len({key for (key,) in lines("_row_key")[4:]}) == 3


def test_row_keys_of_order_ids_that_customers_share(home, tmp_path):
    ann, bob = "1,a,2024-01-01,5", "2,a,2024-01-01,6"

    def keys(row_key: str | None) -> list[str]:
        name = source(home, **({"row_key": row_key} if row_key else {}))
        before = len(lines("_line"))
        for file, rows in {"o.csv": [ann, bob], "later.csv": [bob.replace(",6", ",7")], "b.csv": [bob]}.items():
            ingest.load(name, write(tmp_path / file, *rows), home)
        return [key for (key,) in lines("_row_key")[before:]]

    of_ann, of_bob, changed, again = keys(None)
    assert of_bob == again
    assert len({of_ann, of_bob, changed}) == 3
    assert [key.startswith("a|") for key in keys("order")] == [True] * 4
    of_ann, of_bob, changed, again = keys("customer_order_time")
    assert of_bob == changed == again != of_ann
    assert warehouse.rows("select distinct row_key from raw.batches order by 1") == [
        ("customer_order",), ("customer_order_time",), ("order",),
    ]  # fmt: skip


def test_a_refunded_part_takes_its_share_of_the_cost_back(home, tmp_path):
    name = source(home, refund="refunded", columns={"cost": "cost"})
    rows = ["1,a,2024-01-01,100,40,25", "1,b,2024-01-01,100,,25", "1,c,2024-01-01,0,40,25", "1,d,2024-01-01,50,30,60"]
    ingest.load(name, write(tmp_path / "o.csv", *rows, header=f"{HEADER},cost,refunded"), home)
    refunds = warehouse.rows("select order_id, amount, cost from raw.order_lines where amount < 0 order by 1")
    assert refunds == [("a", -25, 10), ("b", -25, None), ("c", -25, None), ("d", -60, 30)]


def test_an_order_number_made_of_the_customer_holds_the_key_in_place_of_the_id(home, tmp_path):
    ann, bob = "ann@mail.example,2024-01-01,5", "bob@mail.example,2024-01-01,6"
    file = write(tmp_path / "o.csv", ann, bob, ann, ann.replace("@", "@2."), header="customer_id,ordered_at,amount")
    ingest.load("orders_without_id", file, home)
    found = lines("replace(customer_key::text, '-', ''), order_id, _row_key")
    assert [order_id.removeprefix(key) for key, order_id, _ in found] == ["-2024-01-01-1"] * 2 + [
        "-2024-01-01-2", "-2024-01-01-1",
    ]  # fmt: skip
    assert all(row_key.startswith(f"{key}|{order_id}|") for key, order_id, row_key in found)
    assert len({row_key for *_, row_key in found}) == 4
    assert warehouse.rows("select 1 from raw.order_lines as line where line::text like '%@%'") == []

    # Two spellings of one customer are one customer, whose orders are counted on.
    said = {"customer": {"column": "customer_id", "lower": True}, "order": {"columns": ["customer_id"], "number": True}}
    ingest.load(source(home, **said), write(tmp_path / "two.csv", "Ann@x,,2024-01-01,5", "ann@x,,2024-01-01,6"), home)
    assert [order_id[32:] for (order_id,) in lines("order_id")][4:] == ["-1", "-2"]


@pytest.mark.parametrize(
    ("lines", "header", "words"),
    [
        (["1,a,2024-01-01"], "customer_id,order_id,ordered_at", "o.csv has no column 'amount'.*customer_id, order_id"),
        ([], "", "o.csv has no column|holds no line"),
    ],
)
def test_a_missing_column_is_named(home, tmp_path, lines, header, words):
    with pytest.raises(ClvError, match=words):
        ingest.load("orders", write(tmp_path / "o.csv", *lines, header=header), home)


def test_mistakes_are_one_line(home, tmp_path):
    with pytest.raises(ClvError, match="no source 'shopfy'; known sources are .*shopify"):
        ingest.load("shopfy", tmp_path, home)
    (tmp_path / "o.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(ClvError, match="o.parquet is not a readable Parquet file"):
        ingest.load("orders", tmp_path / "o.parquet", home)
    with pytest.raises(ClvError, match="no batch 7"):
        ingest.withdraw(7, "wrong", home)


def test_a_batch_can_be_withdrawn_and_restored(home, tmp_path):
    batch = ingest.load("orders", write(tmp_path / "o.csv", *ROWS), home)[0].batch_id
    ingest.withdraw(batch, "sent by mistake", home)
    assert warehouse.rows("select batch_id, reason from raw.withdrawals") == [(batch, "sent by mistake")]
    ingest.restore(batch, home)
    assert warehouse.rows("select count(*) from raw.withdrawals") == [(0,)]


SHOPIFY = (
    "Name,Email,Financial Status,Currency,Total,Refunded Amount,Created at,Lineitem quantity,Lineitem name,"
    "Lineitem price,Lineitem sku,Lineitem discount,Billing Name,Shipping Country,Payment Method,Cancelled at,Source"
)


def shopify(name: str, **first_row: str) -> str:
    """One row of a Shopify orders export; an order's further rows give only its name and their line item."""
    row = {
        "Name": name,
        "Lineitem quantity": "1",
        "Lineitem name": "Mug",
        "Lineitem price": "10",
        "Lineitem discount": "0",
        **first_row,
    }
    return ",".join(row.get(column, "") for column in SHOPIFY.split(","))


def test_shopify(home, tmp_path):
    order = {
        "Email": "Ann@Example.com", "Financial Status": "paid", "Currency": "EUR", "Total": "32.50",
        "Refunded Amount": "0.00", "Created at": "2024-03-01 09:00:00 +0100",
        "Billing Name": "Ann", "Shipping Country": "DE", "Source": "web",
    }  # fmt: skip
    rows = [
        shopify("#1", **order),
        shopify("#1", **{"Lineitem name": "Tea", "Lineitem quantity": "2"}),
        shopify("#2", **order, **{"Cancelled at": "2024-03-02 09:00:00 +0100"}),
        shopify("#3", **{**order, "Refunded Amount": "12.50", "Email": "ann@example.com"}),
    ]
    (result,) = ingest.load("shopify", write(tmp_path / "orders.csv", *rows, header=SHOPIFY), home)
    assert (result.received, result.loaded) == (5, 5)
    assert lines("order_id, amount, quantity, product_name, _rule, refund_of, ordered_at = '2024-03-01 08:00:00'") == [
        ("#1", Decimal("32.5"), 1, "Mug", None, None, True),
        ("#1", 0, 2, "Tea", None, None, True),
        ("#2", Decimal("32.5"), 1, "Mug", "cancelled_order", None, True),
        ("#3", Decimal("32.5"), 1, "Mug", None, None, True),
        ("#3", Decimal("-12.5"), None, None, None, "#3", True),
    ]
    assert warehouse.rows("select customer_id, name from pii.customers") == [("ann@example.com", "Ann")]


def test_the_simulated_shop(home, tmp_path):
    import sample_shop
    from clv import dates

    facts = sample_shop.make(tmp_path, customers=150, seed=5, until=dates.parse_date("2024-06-01"), history_days=400)
    results = ingest.load("sample_shop", tmp_path / "orders", home)
    assert sum(result.received for result in results) == facts["rows"]
    assert warehouse.rows("select count(*) from pii.customers")[0][0] >= 150
    assert warehouse.rows("select distinct _rule from raw.order_lines where _rule is not null") == [("test_order",)]
    agreed = dict(warehouse.rows("select may_contact, count(distinct customer_key) from raw.order_lines group by 1"))
    assert set(agreed) == {True, False, None}
    assert agreed[True] == pytest.approx(0.55 * 150, abs=20)
    coded = "select distinct discount > 0, campaign is not null, discount_code is not null from raw.order_lines"
    assert set(warehouse.rows(f"{coded} where amount > 0")) == {(True, True, True), (False, False, False)}


def test_an_amount_that_stands_twice_in_an_order_is_warned_of(home, tmp_path):
    lines_of = [f"1,{order},2024-01-0{day},{amount},{item}" for order, day, amount, item in [
        ("a", 1, 5, "pen"), ("a", 1, 5, "pen"), ("b", 1, 7, ""), ("b", 2, 7, ""), ("c", 1, 9, ""), ("c", 1, 9, ""),
    ]]  # fmt: skip
    (result,) = ingest.load("orders", write(tmp_path / "o.csv", *lines_of, header=f"{HEADER},product_id"), home)
    both, once = result.warnings
    assert both.startswith("2 orders have the same amount twice, as on line 3 (5.00), and both count")
    assert once.startswith("1 order has the same amount twice, as on line 7 (9.00) in equal rows, which count once")
    assert ingest.told(result, home)[-1] == f"  warning: {once}"
    assert ingest.load("orders", write(tmp_path / "p.csv", *ROWS), home)[0].warnings == ()
