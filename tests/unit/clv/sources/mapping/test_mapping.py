"""The mapping language: valid mappings are read, and each mistake gives a message with a remedy."""

from __future__ import annotations

import pytest
import yaml

from clv.core.errors import ClvError
from clv.sources.kinds.mappings import SHIPPED, parse

LEAST = {"customer": "who", "order": "number", "time": "at", "amount": "money"}
ONCE = {"column": "money", "once_per_order": True}
SPEND = {"kind": "spend", "day": "d", "channel": "c", "amount": "a"}


def mapping(**keys):
    return parse("shop", {**LEAST, **keys}, "shop.yml")


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yml")), ids=lambda path: path.stem)
def test_the_shipped_mappings_are_right(path):
    assert parse(path.stem, yaml.safe_load(path.read_text()), path.name).wanted


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yml")), ids=lambda path: path.stem)
def test_the_documentation_lists_the_shipped_mappings(path):
    listed = (SHIPPED.parent / "docs" / "sources.md").read_text().partition("## Ready mappings")[2]
    assert f"`{path.stem}`" in listed.partition("\n## ")[0]
    assert yaml.safe_load(path.read_text())["description"]


def test_four_columns_are_enough():
    least = mapping()
    assert least.wanted == ["who", "number", "at", "money"]
    assert (least.row_key, least.currency, least.optional) == ("customer_order", None, frozenset())


def test_a_line_id_makes_the_line_the_key():
    assert mapping(columns={"line_id": "line?"}).row_key == "line"
    assert mapping(columns={"line_id": "line?"}).optional == {"line"}


def test_deliveries_hold_whole_orders_if_there_are_order_numbers():
    assert mapping().holds_whole_orders
    assert mapping(row_key="order_time").row_key == "order"
    for order in ({"columns": ["who", "number"], "number": True}, {"columns": ["who", "at"]}, "at"):
        assert mapping(order=order).row_key == "customer_order_time"
    assert mapping(order={"columns": ["shop", "number"]}).holds_whole_orders


def test_a_total_that_counts_once_has_a_refund_that_does():
    assert mapping(amount=ONCE, refund="back").refunded_once_per_order
    assert not mapping(amount=ONCE, refund={"amount": "back", "once_per_order": False}).refunded_once_per_order
    assert mapping(refund={"amount": "back", "once_per_order": True}).refunded_once_per_order
    assert not mapping(refund="back").refunded_once_per_order


@pytest.mark.parametrize(
    ("keys", "digest"),
    [
        ({}, "eb841eac7d"),
        (
            {"row_key": "order_time", "refund": "back", "amount": ONCE},
            "e9a787093f",
        ),
        ({"columns": {"line_id": "l"}}, "4eb887686b"),
        ({"row_key": "content"}, "27d1a6520c"),
    ],
)
def test_a_mapping_keeps_the_digest_that_its_files_were_loaded_under(keys, digest):
    assert mapping(**keys).sha256.startswith(digest)


def test_quantity_and_price_fill_their_columns():
    bought = mapping(amount={"quantity": "pieces", "price": "each"})
    assert (bought.amount, bought.price) == (None, "each")
    assert bought.columns == {"quantity": "pieces", "unit_price": "each"}


def test_ad_spend_is_a_kind_of_its_own():
    spend = parse("ads", {"kind": "spend", "day": "d", "channel": "c", "amount": "a", "campaign": "n?"}, "ads.yml")
    assert (spend.kind, spend.wanted, spend.optional) == ("spend", ["d", "c", "a", "n"], {"n"})


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"kind": "visits"}, ["'kind' is one of orders, spend"]),
        ({"kind": "spend", "day": "d", "amount": "a"}, ["lacks 'channel'"]),
        ({"kind": "spend", "day": "d?", "channel": "c", "amount": "a"}, ["take the ? off 'd?'"]),
        ({"kind": "spend", "day": "d", "channel": "c", "amount": "a", "customer": "x"}, ["unknown key 'customer'"]),
        ({"kind": "spend", "day": {"formats": ["%d"]}, "channel": "c", "amount": "a"}, ["'day' names no column"]),
        (
            {**SPEND, "channel": {"column": "c", "value": "search"}},
            ["'channel' has one of column, value,"],
        ),
        ({**SPEND, "channel": {"value": True}}, ["'channel.value' is a text, a number or a day; not True"]),
        ({**SPEND, "day": {"in_file_name": "spend"}}, ["'day.in_file_name' is a pattern whose one group is the value"]),
        ({**SPEND, "day": {"in_file_name": "/spend/"}}, [r"as in '/(\d{4}-\d{2}-\d{2})/'"]),
    ],
)
def test_a_mistake_in_a_mapping_of_spend_is_named(keys, words):
    with pytest.raises(ClvError) as failure:
        parse("ads", keys, "ads.yml")
    assert all(word in str(failure.value) for word in ["ads.yml", *words])


def test_the_digest_depends_on_the_content_alone():
    assert mapping().sha256 == mapping(description="in other words").sha256
    assert mapping().sha256 != mapping(currency="EUR").sha256


def test_keys_that_were_added_later_do_not_change_the_digest_of_a_mapping_without_them():
    """Otherwise every file in landing would be loaded again. The digests are those of the first such mappings."""
    plain = parse("ad_spend", yaml.safe_load((SHIPPED / "ad_spend.yml").read_text()), "ad_spend.yml")
    assert mapping().sha256 == "eb841eac7d0be3812c7edac4d8897761cbfa124d5b30ced3ffe6af99640f1cb8"
    assert plain.sha256 == "17499d433dbf277866375c280bd3472e57ebde02c17516c59b53871f1d929432"


def test_files_are_loaded_again_where_lines_without_revenue_are_newly_taken_off_a_total():
    columns = {"product_name": "item", "quantity": "pieces", "unit_price": "each"}
    of_lines, of_orders = ({"column": name, "equals": "card"} for name in ("item", "payment"))
    taken_off = mapping(amount=ONCE, columns=columns, no_revenue=of_lines)
    assert "taken_off" in taken_off.digested()
    for keys in (
        {"no_revenue": of_lines},
        {"amount": ONCE, "no_revenue": of_orders},
        {"amount": ONCE},
    ):
        assert "taken_off" not in mapping(columns=columns, **keys).digested()


def test_columns_may_have_other_names():
    keys = mapping(
        time=["Created", "Created at"], columns={"status": "/[Ss]tatus/?"}, order={"columns": [["a", "b"], "c"]}
    )
    assert (keys.time, keys.order, keys.columns["status"]) == ("Created", ("a", "c"), "/[Ss]tatus/")
    assert keys.alternatives == {
        "Created": ("Created", "Created at"), "a": ("a", "b"), "/[Ss]tatus/": ("/[Ss]tatus/",)
    }  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"custmer": "who"}, ["unknown key 'custmer'", "customer"]),
        ({"columns": {"colour": "c"}}, ["unknown key 'colour' under 'columns'", "category"]),
        ({"order": None}, ["lacks 'order'"]),
        ({"order": {"number": True}}, ["'order' names no column"]),
        ({"order": {"columns": "number"}}, ["'order.columns' must be a list"]),
        ({"time": {"formats": ["%d/%m/%Y"]}}, ["'time' names no column"]),
        ({"time": {"column": "at", "formats": ["%Q"]}}, ["time.formats", "'%Q'"]),
        ({"filters": [{"rule": "odd", "column": "c", "matches": "(?<=a)b"}]}, ["the rule odd", "(?<=a)b"]),
        ({"filters": [{"rule": 5, "column": "c", "equals": "x"}]}, ["called 5"]),
        ({"filters": [{"rule": "duplicate", "column": "c", "equals": "x"}]}, ["called 'duplicate'", "accepted"]),
        ({"filters": [{"rule": "missing_order", "column": "c", "equals": "x"}]}, ["called 'missing_order'"]),
        ({"filters": {"rule": "odd"}}, ["'filters' must be a list"]),
        ({"file": {"delimiter": 5}}, ["file.delimiter", "quotes"]),
        ({"file": {"delimiter": "||"}}, ["file.delimiter", "one character", "'||'"]),
        ({"currency": {"code": "EUR", "rates": {"EUR": 1, "IDR": 0.000000000001}}}, ["10 decimals"]),
        ({"amount": {"price": "each"}}, ["no quantity"]),
        ({"amount": {"column": "money", "price": "each"}}, ["either a column"]),
        ({"amount": {"column": "money", "sum": ["a", "b"]}}, ["either a column", "or a sum"]),
        ({"amount": {"sum": "a"}}, ["'amount.sum' must be a list"]),
        ({"amount": {"sum": ["a?", "b?"]}}, ["required", "a?"]),
        ({"no_revenue": {"column": "paid"}}, ["'no_revenue' has a column and one of equals"]),
        ({"no_revenue": {"rule": "x", "column": "paid", "equals": "y"}}, ["unknown key 'rule' under 'no_revenue'"]),
        ({"time": {"column": "at", "zones": {"IST": "Asia/Kolkata"}}}, ["time.zones", "add zone:"]),
        ({"time": {"column": "at", "zone": "z", "zones": {"IST": "Mars"}}}, ["no time zone 'Mars'"]),
        ({"time": {"column": "at", "zone": "z", "zones": ["IST"]}}, ["'time.zones'", "Asia/Kolkata"]),
        ({"time": []}, ["lacks 'time'"]),
        ({"time": ["at", 5]}, ["name of a column, not 5"]),
        ({"amount": "/money (/"}, ["'amount.column' is no pattern that RE2 accepts"]),
        ({"currency": {"in_name_of": "/spent/"}}, ["whose one group", "Amount spent"]),
        ({"currency": {"in_name_of": "/(USD)/", "code": "EUR"}}, ["one of the three"]),
        ({"file": {"skip": -1}}, ["file.skip", "until_header"]),
        ({"file": {"skip": "until_header", "header": ["a"]}}, ["file.header"]),
        ({"file": {"thousands": "_"}}, ["file.thousands", "an apostrophe", "'_'"]),
        ({"file": {"sheet": 2}}, ["file.sheet", "quotes"]),
        ({"customer": 7}, ["'customer' must hold keys and values"]),
        ({"customer": "who?"}, ["required", "who?"]),
        ({"row_key": "hash"}, ["row_key 'hash'", "content"]),
        ({"row_key": "line"}, ["columns.line_id"]),
        ({"part": "sheet"}, ["row_key: content"]),
        ({"time_zone": "Mars/Olympus"}, ["Mars/Olympus", "Europe/London"]),
        ({"file": {"encoding": "latin-99"}}, ["latin-99", "latin-1"]),
        ({"file": {"decimal": ",", "thousands": ","}}, ["file.decimal"]),
        ({"filters": [{"rule": "x", "column": "c"}]}, ["at_most"]),
        ({"filters": [{"rule": "x", "column": "c", "matches": "("}]}, ["no pattern"]),
        ({"filters": [{"rule": "x", "column": "c", "at_most": "nil"}]}, ["must be a number"]),
        ({"currency": {"code": "EUR", "rates": {"USD": 0}}}, ["currency.rates"]),
        ({"sign": {"column": "kind"}}, ["negative"]),
        ({"refund": {"of": "total"}}, ["'refund' has 'of' but no amount"]),
        (
            {"amount": ONCE, "refund": {"amount": "back", "of": "total", "once_per_order": False}},
            ["'refund.of' needs the refund of the whole order"],
        ),
        ({"person": {"email": "mail"}, "order": {"columns": ["mail", "at"]}}, ["outside of pii", "'mail'"]),
    ],
)
def test_mistakes_are_named(keys, words):
    with pytest.raises(ClvError) as error:
        mapping(**keys)
    assert "\n" not in str(error.value)
    for word in ["shop.yml", *words]:
        assert word in str(error.value)
