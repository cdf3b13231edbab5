"""Values are stored in raw as they are in files: times, numbers, currencies, missing values."""

# ruff: noqa: DTZ001 - times in raw are naive, in the reporting zone
from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from ingest_files import HEADER, ROWS, lines, source, unreadable, write

from clv import sources
from clv.core.errors import ClvError
from clv.sources.loading import currencies
from clv.warehouse import db


def test_missing_values_are_loaded_as_null(home, tmp_path):
    sources.load(
        "orders", write(tmp_path / "o.csv", ",a,2024-01-01,1", "1,,2024-01-01,1", "1,b,,1", "1,c,2024-01-01, "), home
    )
    found = lines("customer_key is null, order_id is null, ordered_at is null, amount is null")
    assert found == [tuple(place == row for place in range(4)) for row in range(4)]


def test_the_campaign_and_the_discount_code_are_read_where_a_file_has_them(home, tmp_path):
    header = f"{HEADER},campaign,discount_code"
    sources.load("orders", write(tmp_path / "a.csv", f"{ROWS[0]},spring,TEN", f"{ROWS[1]},,", header=header), home)
    sources.load("orders", write(tmp_path / "b.csv", ROWS[2]), home)
    assert lines("campaign, discount_code") == [("spring", "TEN"), (None, None), (None, None)]


def test_times_are_read_in_the_mappings_zone(home, tmp_path):
    keys = {
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
    sources.load(
        source(home, **keys), write(tmp_path / "o.csv", *[f"1,{n},{time},1" for n, time in enumerate(times)]), home
    )
    assert [at for (at,) in lines("ordered_at")] == [
        datetime(2024, 6, 30, 22, 30),
        datetime(2024, 1, 15, 11),
        datetime(2024, 1, 15, 17),
        datetime(2024, 1, 15, 6, 30),
        datetime(2024, 1, 15, 13),
    ]


def test_numbers_encodings_and_signs(home, tmp_path):
    keys = {
        "file": {
            "decimal": ",", "thousands": ".", "delimiter": ";", "encoding": "cp1252",
            "header": ["who", "o", "t", "m", "kind"], "missing": ["-"],
        },
        "customer": "who", "order": "o", "time": "t", "amount": "m",
        "sign": {"column": "kind", "negative": ["Rückgabe"]},
    }  # fmt: skip
    text = "zoë;a;2024-01-01;1.234,56;Kauf\nzoë;b;2024-01-02;10,5;Rückgabe\n-;c;2024-01-02;-;Kauf\n"
    (tmp_path / "o.csv").write_bytes(text.encode("cp1252"))
    sources.load(source(home, **keys), tmp_path / "o.csv", home)
    assert lines("_line, amount") == [(1, Decimal("1234.56")), (2, Decimal("-10.5")), (3, None)]
    assert db.rows("select customer_id from pii.customers") == [("zoë",)]


def test_one_currency_per_warehouse(home, tmp_path):
    path = write(tmp_path / "o.csv", *ROWS)
    sources.load(source(home, "pounds", currency="GBP"), path, home)
    with pytest.raises(ClvError, match="USD and the warehouse in GBP.*rate"):
        sources.load(source(home, "dollars", currency="USD"), path, home)
    rate = {"code": "USD", "rates": {"GBP": 1, "USD": 0.8}}
    sources.load(source(home, "dollars", currency=rate), path, home)
    assert lines("amount")[3:] == [(Decimal("4.4"),), (Decimal("5.6"),), (Decimal("-4.4"),)]
    sources.load("orders", path, home)
    mixed = write(
        tmp_path / "mixed.csv",
        *[f"{row},{code}" for row, code in zip(ROWS, ("GBP", "EUR", ""), strict=True)],
        header=f"{HEADER},currency",
    )
    with pytest.raises(ClvError, match="EUR and the warehouse in GBP"):
        sources.load("orders", mixed, home)


def in_currency(home, currency: str | None):
    return home.with_shop(currency=currency)


def test_a_warehouse_without_currency_takes_the_one_of_shop_json(home, tmp_path):
    path = write(tmp_path / "o.csv", *ROWS)
    sources.load("orders", path, home)
    with pytest.raises(ClvError, match=f'state no currency; set it in {home.home}/shop.json, as in .*"GBP"'):
        sources.load(source(home, currency="GBP"), path, home)
    sources.load("shop", path, in_currency(home, "GBP"))
    assert db.rows("select value from ops.settings where name = 'currency'") == [("GBP",)]
    keys = r'shop\.json says currency EUR and the money in the warehouse is in GBP; write "currency": "GBP" into'
    with pytest.raises(ClvError, match=keys):
        sources.load("orders", write(tmp_path / "p.csv", *ROWS[:1]), in_currency(home, "EUR"))
    with pytest.raises(ClvError, match=keys):  # a run and `clv status` make the same check
        currencies.require_same_currency(in_currency(home, "EUR"))
    currencies.require_same_currency(in_currency(home, "GBP"))
    currencies.require_same_currency(in_currency(home, None))


def test_long_numbers_are_exact_or_unreadable(home, tmp_path):
    name = source(home, amount={"quantity": "quantity", "price": "price"})
    factors = ["0.1234567,0.0000001", "1000000000000,3", "9" * 12 + "," + "9" * 12, "9" * 14 + ",1"]
    path = write(
        tmp_path / "o.csv",
        *[f"1,{place},2024-01-01,{pair}" for place, pair in enumerate(factors)],
        header="customer_id,order_id,ordered_at,quantity,price",
    )
    sources.load(name, path, home)
    assert lines("amount, quantity") == [
        (Decimal("0.00000001234567"), Decimal("0.1234567")),
        (Decimal(3 * 10**12), Decimal(10**12)),
    ]
    assert [(line, reason) for line, reason, _ in unreadable()] == [
        (4, "the amount is too large"),
        (5, "quantity '99999999999999' is 10,000,000,000,000 or more: too large"),
    ]


def test_a_refunded_part_takes_its_share_of_the_cost_back(home, tmp_path):
    name = source(home, refund="refunded", columns={"cost": "cost"})
    rows = ["1,a,2024-01-01,100,40,25", "1,b,2024-01-01,100,,25", "1,c,2024-01-01,0,40,25", "1,d,2024-01-01,50,30,60"]
    sources.load(name, write(tmp_path / "o.csv", *rows, header=f"{HEADER},cost,refunded"), home)
    refunds = db.rows("select order_id, amount, cost from raw.order_lines where amount < 0 order by 1")
    assert refunds == [("a", -25, 10), ("b", -25, None), ("c", -25, None), ("d", -60, 30)]
