"""Customers who were loaded or erased before ids were cleaned are found, erased, and not loaded again."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

import pytest
import yaml

from clv import sources
from clv.core import ids, settings
from clv.core.errors import ClvError
from clv.privacy import erasing
from clv.warehouse import db, erasures, pseudonyms

HEADER = "customer_id,order_id,ordered_at,amount\n"
UNCLEANED = {"zero-width": "ann\u200b-1", "no-break": "\u00a0ann\u00a01", "accents": "Rene\u0301"}


def rows(*customers: str) -> str:
    return HEADER + "".join(f"{who},o{number},2024-03-01,5.00\n" for number, who in enumerate(customers))


def load(home: settings.Settings, folder: Path, name: str, text: str, source: str = "orders") -> sources.BatchResult:
    (folder / name).write_text(text)
    return sources.load(source, folder / name, home)[0]


def list_as_then(home: settings.Settings, customer_id: str) -> None:
    """Adds an uncleaned id to the list of erased persons, as versions before the cleaning did."""
    key = "ab" * 32
    digest = erasures._digest(bytes.fromhex(key), customer_id)
    line = {"receipt": "then", "erased_at": "2024-01-01", "key": key, "digest": digest}
    erasures.place(home).write_text(json.dumps(line) + "\n")


def known_as_then(home: settings.Settings, customer_id: str) -> None:
    """Adds a customer with an uncleaned id to the warehouse, as versions before the cleaning did."""
    key = UUID(bytes=pseudonyms.customer_key(pseudonyms.secret(home), customer_id))
    query = "insert into pii.customers (customer_key, source, customer_id) values (%s, 'orders', %s)"
    with db.connect(home.warehouse_url) as connection:
        connection.execute(query, (key, customer_id))


def customers() -> list[str]:
    return [name for (name,) in db.rows("select customer_id from pii.customers order by 1")]


@pytest.mark.parametrize("uncleaned", UNCLEANED.values(), ids=UNCLEANED)
def test_a_customer_who_was_erased_by_the_uncleaned_id_stays_out(home, tmp_path, uncleaned):
    list_as_then(home, uncleaned.strip())
    text = rows(uncleaned, "b", ids.visible(uncleaned)) + f"{uncleaned},o9,2024-03-01,none\n{uncleaned},short\n"
    result = load(home, tmp_path, "again.csv", text)
    assert result.erased_lines == (2, 4, 5, 6)
    assert customers() == ["b"]
    assert [replayed.result for replayed in sources.replay(home, "orders")] == []
    # A mapping that reads ids in lower case or without decimals, and copies an order's id from its first row.
    (home.home / "sources").mkdir()
    mapping = {"customer": {"column": "who", "lower": True, "whole_number": True}, "carry": ["who"]}
    least = {"order": "order", "time": "at", "amount": "amount"}
    (home.home / "sources" / "shop.yml").write_text(yaml.safe_dump({**mapping, **least}))
    list_as_then(home, uncleaned.strip().lower())
    text = f"who,order,at,amount\n{uncleaned.upper()},1,2024-03-01,5\n,1,2024-03-01,6\nb,2,2024-03-01,7\n"
    assert load(home, tmp_path, "carried.csv", text, "shop").erased_lines == (2, 3)


def test_one_person_of_two_keys_is_erased_whole(home, tmp_path):
    load(home, tmp_path, "a.csv", rows("ann-1", "b") + "ann\u200b-1,o9,2024-03-01,none\n")
    then = UNCLEANED["zero-width"]
    known_as_then(home, then)
    for named in ("ann-1", then):
        assert [one.customer_id for one in erasing.find(named, "orders", None, home)] in (
            ["ann-1", then],
            [then, "ann-1"],
        )
    done = erasing.erase(erasing.find("ann-1", "orders", None, home), home)
    assert (done.rows["pii.customers"], done.rows["raw.order_lines"]) == (2, 1)
    assert done.rows["quarantine.unreadable_rows"] == 1
    assert customers() == ["b"]
    assert load(home, tmp_path, "b.csv", rows(then, "ann-1", "c")).erased_lines == (2, 3)
    with pytest.raises(ClvError, match="was erased already"):
        erasing.find(then, "orders", None, home)


def test_a_restored_home_erases_them_again(home, tmp_path):
    load(home, tmp_path, "a.csv", rows("ann-1", "b"))
    list_as_then(home, "ann-1")
    then = UNCLEANED["zero-width"]
    known_as_then(home, then)
    assert erasing.apply(home).rows["pii.customers"] == 2
    assert customers() == ["b"]


def test_everybody_of_an_address_that_looks_the_same_is_found(home, tmp_path):
    text = "customer_id,order_id,ordered_at,amount,email\nq1,1,2024-03-01,5,q@shop.example\n"
    load(home, tmp_path, "a.csv", text + "q2,2,2024-03-01,5,other@shop.example\n")
    with db.connect(home.warehouse_url) as connection:
        connection.execute("update pii.customers set email = 'Q@\u200bshop.example' where customer_id = 'q2'")
    found = erasing.find(None, None, "q@shop.example\u200b", home)
    assert sorted(one.customer_id for one in found) == ["q1", "q2"]


ADDRESSED = "who,order,at,amount\n{0},1,2024-03-01,5\nb@shop.example,2,2024-03-01,6\n{0},3,2024-03-01,none\n"


def mapped(home: settings.Settings, **customer: object) -> None:
    """Writes the mapping `shop`, with these keys of `customer`."""
    (home.home / "sources").mkdir(exist_ok=True)
    content = {"customer": {"column": "who", **customer}, "order": "order", "time": "at", "amount": "amount"}
    (home.home / "sources" / "shop.yml").write_text(yaml.safe_dump(content))


def test_a_customer_is_erased_under_each_form_that_a_mapping_gave_the_id(home, tmp_path):
    for number, who in enumerate(("Ann@Shop.example", "ANN@shop.example")):
        mapped(home)
        load(home, tmp_path, f"first{number}.csv", ADDRESSED.format(who), "shop")
        mapped(home, lower=True)
        if not number:
            load(home, tmp_path, "second.csv", ADDRESSED.format(who), "shop")
    done = erasing.erase(erasing.find("Ann@Shop.example", "shop", None, home), home)
    assert (done.rows["raw.order_lines"], done.rows["pii.customers"]) == (3, 3)
    assert done.rows["quarantine.unreadable_rows"] == 3
    assert customers() == ["b@shop.example"]
    with pytest.raises(ClvError, match="was erased already"):
        erasing.find("Ann@Shop.example", "shop", None, home)
    for lower in (True, False):  # the mapping may change again
        mapped(home, lower=lower)
        again = load(home, tmp_path, f"again{lower}.csv", ADDRESSED.format("Ann@Shop.example") + "\n", "shop")
        assert again.erased_lines == (2, 4)
    assert customers() == ["b@shop.example"]


def test_a_customer_erased_before_the_mapping_changed_stays_out(home, tmp_path):
    mapped(home)
    load(home, tmp_path, "first.csv", ADDRESSED.format("Ann@Shop.example"), "shop")
    erasing.erase(erasing.find("Ann@Shop.example", "shop", None, home), home)
    mapped(home, lower=True)
    assert load(home, tmp_path, "again.csv", ADDRESSED.format("Ann@Shop.example") + "\n", "shop").erased_lines == (2, 4)


def test_customers_whose_ids_differ_in_case_stay_apart_where_the_mapping_keeps_the_case(home, tmp_path):
    mapped(home)
    load(home, tmp_path, "first.csv", ADDRESSED.format("X1"), "shop")
    load(home, tmp_path, "second.csv", ADDRESSED.format("x1"), "shop")
    erasing.erase(erasing.find("X1", "shop", None, home), home)
    assert customers() == ["b@shop.example", "x1"]


def test_an_erasure_by_address_covers_each_form_of_the_id(home, tmp_path):
    mapped(home)
    load(home, tmp_path, "first.csv", ADDRESSED.format("Ann@Shop.example"), "shop")
    with db.connect(home.warehouse_url) as connection:
        connection.execute("update pii.customers set email = 'ann@shop.example' where customer_id like 'Ann%'")
    mapped(home, lower=True)
    erasing.erase(erasing.find(None, None, "ann@shop.example", home), home)
    assert load(home, tmp_path, "again.csv", ADDRESSED.format("ann@shop.example") + "\n", "shop").erased_lines == (2, 4)
    assert customers() == ["b@shop.example"]
