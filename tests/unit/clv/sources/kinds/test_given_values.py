"""Values that stand in no column of a file, and numbers with bounds, in mappings of declared kinds."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
import yaml

from clv.core.errors import ClvError
from clv.sources.kinds.columns import Column
from clv.sources.kinds.mappings import SHIPPED, parse
from clv.sources.mapping import hints

KLAVIYO = yaml.safe_load((SHIPPED / "klaviyo_profiles.yml").read_text())
VALUE, STYLE = "Predicted Customer Lifetime Value", "with a decimal point and no marks between thousands"
HEADER = f"Email,First Name,{VALUE},Churn Risk Prediction,Expected Date Of Next Order\n"
COLUMNS = "customer_id, email, as_of, system, horizon_days, predicted_revenue, churn_probability, _rule, _reason"
SPEND = {"kind": "spend", "day": "day", "channel": {"value": "search"}, "amount": "cost"}


def test_klaviyos_profiles_are_read(parsed):
    rows = (
        "Ann@Example.com,Ann,120.50,0.25,2024-06-20 10:00:00\n"
        "bob@example.com,Bob,,,\n"
        ",Cat,10,0.1,\n"
        "dan@example.com,Dan,5,1.5,\n"
        "eve@example.com,Eve,a lot,0.5,\n"
    )
    found = parsed(HEADER + rows, COLUMNS, KLAVIYO, "klaviyo-2024-06-01.csv")
    day = date(2024, 6, 1)
    assert [(*row[:3], row[3], float(row[4]), *row[7:]) for row in found] == [
        ("ann@example.com", "Ann@Example.com", day, "Klaviyo", 365, None, None),
        ("bob@example.com", "bob@example.com", day, "Klaviyo", 365, "no_forecast", None),
        (None, None, day, "Klaviyo", 365, "no_address", None),
        ("dan@example.com", "dan@example.com", day, "Klaviyo", 365, None, "Churn Risk Prediction '1.5' is more than 1"),
        ("eve@example.com", "eve@example.com", day, "Klaviyo", 365, None, f"{VALUE} 'a lot' is not a number {STYLE}"),
    ]
    assert [float(value) for value in found[0][5:7]] == [120.5, 0.25]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("spend-2024-05-01.csv", "cost\n5\n"),
        ("spend-2024-05-01.jsonl", '{"cost": 5}\n'),
        ("spend-2024-05-01.txt", "cost\n5\n"),
    ],
)
def test_a_value_may_stand_in_the_mapping_or_in_the_files_name(parsed, name, content):
    keys = {**SPEND, "day": {"in_file_name": r"/(\d+-\d+-\d+)/"}}
    keys |= {"file": {"delimiter": "whitespace"}} if name.endswith("txt") else {}
    assert parsed(content, "day, channel, _reason", keys, name) == [(date(2024, 5, 1), "search", None)]


def test_a_day_of_the_mapping_is_written_as_yaml_reads_it(parsed):
    keys = {**SPEND, **yaml.safe_load("day: {value: 2024-05-01}")}
    assert parsed("cost\n5\n", "day, channel", keys) == [(date(2024, 5, 1), "search")]


@pytest.mark.parametrize(("value", "amount"), [(36.5, "36.5"), (1e-05, "0.00001"), ("1.036,5", "1036.5")])
def test_a_number_of_the_mapping_is_read_whatever_the_files_decimal_mark(parsed, value, amount):
    keys = {**SPEND, "amount": {"value": value}, "file": {"decimal": ",", "thousands": "."}}
    ((read, reason),) = parsed("day\n2024-05-01\n", "amount, _reason", keys)
    assert (read, reason) == (Decimal(amount), None)


def test_folders_are_no_part_of_a_files_name(parsed):
    content = HEADER + "Ann@Example.com,Ann,1,,\n"
    assert parsed(content, "as_of", KLAVIYO, "2023-01-01/klaviyo-2024-06-01.csv") == [(date(2024, 6, 1),)]
    with pytest.raises(ClvError, match="profiles.csv does not match"):
        parsed(content, "as_of", KLAVIYO, "2023-01-02/profiles.csv")


@pytest.mark.parametrize(
    ("days", "reason"),
    [
        (1095, None),
        ("365.0", None),
        (0, "is less than 1"),
        (1096, "is more than 1095"),
        (3_000_000_000, "is more than 1095"),
        (365.4, "is not a whole number"),
    ],
)
def test_a_horizon_is_a_whole_number_of_days_that_a_shop_may_forecast(parsed, days, reason):
    keys = {**KLAVIYO, "horizon_days": {"value": days}}
    ((read,),) = parsed(HEADER + "Ann@Example.com,Ann,1,,\n", "_reason", keys, "klaviyo-2024-06-01.csv")
    assert read == (reason and f"the horizon_days of the mapping '{days}' {reason}")


def test_a_file_whose_name_lacks_the_value_is_refused(parsed):
    with pytest.raises(ClvError, match=r"profiles.csv does not match /.*/, by which the mapping shop reads the as_of"):
        parsed(HEADER, "_line", KLAVIYO, "profiles.csv")


def test_a_remedy_for_a_day_in_the_files_name_can_be_pasted(parsed):
    keys = {**SPEND, "day": {"in_file_name": r"/_([\d.]+)\.csv/"}}
    (reason,) = parsed("cost\n5\n", "_reason", keys, "spend_31.05.2024.csv")[0]
    assert reason == "the day in the file's name '31.05.2024' is not a day"
    (remedy,) = hints.remedies([reason], parse("shop", keys, "shop.yml"))
    keys |= yaml.safe_load(remedy.partition("in the mapping shop: ")[2])
    assert parsed("cost\n5\n", "day, _reason", keys, "spend_31.05.2024.csv") == [(date(2024, 5, 31), None)]


def test_only_numbers_have_bounds():
    with pytest.raises(
        ValueError, match="the column at has bounds but is no number; take at_least, at_most and is_whole off"
    ):
        Column(name="at", type="time", means="When.", at_least=0)


PAYMENTS = {"kind": "payments", "order_id": "o", "paid_at": "t", "amount": "a"}


def test_a_mapping_says_what_the_shops_words_stand_for(parsed):
    keys = {**PAYMENTS, "state": {"column": "s", "values": {"Success": "paid", "void": "failed"}}}
    rows = "o,t,a,s\n1,2024-05-01,5,success\n2,2024-05-01,5,VOID\n3,2024-05-01,5,Pending\n4,2024-05-01,5,\n"
    assert parsed(rows, "state, _reason", keys) == [("paid", None), ("failed", None), ("pending", None), (None, None)]
    ((_, reason),) = parsed("o,t,a,s\n1,2024-05-01,5,settled\n", "state, _reason", keys)
    assert reason == "s 'settled' is none of paid, pending, failed; say under 'state.values' which of them it is"


def test_another_column_may_say_which_payments_are_refunds(parsed):
    keys = {**PAYMENTS, "sign": {"column": "k", "negative": ["refund", "void"]}}
    rows = "o,t,a,k\n1,2024-05-01,5,sale\n1,2024-05-02,5,refund\n1,2024-05-02,-2,refund\n1,2024-05-03,-1,sale\n"
    assert [amount for (amount,) in parsed(rows, "amount", keys)] == [5, -5, -2, -1]


def test_an_id_may_be_a_part_of_a_value_and_get_a_prefix(parsed):
    keys = {**PAYMENTS, "order_id": {"column": "o", "pattern": r"/order #?(\d+)/", "prefix": "#"}}
    rows = "o,t,a\nFor order #1001.,2024-05-01,5\norder 7,2024-05-01,5\ngift,2024-05-01,5\n"
    assert parsed(rows, "order_id, _reason", keys) == [
        ("#1001", None),
        ("#7", None),
        (None, "o 'gift' has no part that 'order_id.pattern' finds"),
    ]
    assert parsed("o,t,a\n7,2024-05-01,5\n", "order_id", {**PAYMENTS, "order_id": {"column": "o", "prefix": "#"}}) == [
        ("#7",)
    ]
    with pytest.raises(ClvError, match="'order_id.pattern' is a pattern whose one group is the id"):
        parse("shop", {**PAYMENTS, "order_id": {"column": "o", "pattern": "/order/"}}, "shop.yml")


@pytest.mark.parametrize(
    ("sign", "problem"), [({"column": "k"}, "a column but no values"), ({"negative": "refund"}, "values but no column")]
)
def test_a_sign_names_a_column_and_its_values(sign, problem):
    with pytest.raises(ClvError, match=f"'sign' names {problem}; add "):
        parse("shop", {**PAYMENTS, "sign": sign}, "shop.yml")
    with pytest.raises(ClvError, match="unknown key 'sign'"):
        parse("shop", {"kind": "products", "product_id": "p", "valid_from": "d", "sign": sign}, "shop.yml")


@pytest.mark.parametrize(
    ("values", "problem"),
    [("paid", "not 'paid'"), ({"ok": "payed"}, "correct 'ok': 'payed'"), ({True: "paid"}, "True")],
)
def test_a_word_stands_for_one_of_the_columns(values, problem):
    keys = {**PAYMENTS, "state": {"column": "s", "values": values}}
    with pytest.raises(ClvError, match=f"'state.values' gives each of the shop's words.* {problem}"):
        parse("shop", keys, "shop.yml")


def test_only_texts_have_words():
    with pytest.raises(ValueError, match="the column paid has words but is no text; take one_of off"):
        Column(name="paid", type="yes_no", means="Whether.", one_of=("yes",))


@pytest.mark.parametrize(
    "header",
    [
        "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,"
        "Default Address Address1,Default Address Address2,Default Address City,"
        "Default Address Province Code,Default Address Country Code,"
        "Default Address Zip,Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Note,"
        "Tax Exempt,Tags",
        "First Name,Last Name,Email,Accepts Email Marketing,Company,Address1,Address2,City,Province,Province Code,"
        "Country,Country Code,Zip,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Tags,Note,Tax Exempt",
    ],
    ids=["new", "old"],
)
def test_shopifys_customers_are_read(parsed, header):
    keys = yaml.safe_load((SHIPPED / "shopify_customers.yml").read_text())
    stated = {"Email": "Ann@Example.com", "Accepts Email Marketing": "yes", "Tags": '"vip, b2b"', "Country Code": "DE"}
    stated |= {"Default Address Country Code": "DE", "Province Code": "BE", "Default Address Province Code": "BE"}
    row = ",".join(stated.get(name, "") for name in header.split(","))
    columns = "customer_id, email, valid_from, may_contact, tags, country, region, _rule, _reason"
    empty = "," * header.count(",")
    found = parsed(f"{header}\n{row}\n{empty}\n", columns, keys, "customers_export-2024-06-01.csv")
    day = date(2024, 6, 1)
    expected = ("ann@example.com", "Ann@Example.com", day, True, "vip, b2b", "DE", "BE", None, None)
    assert found == [expected, (None, None, day, *[None] * 4, "no_address", None)]
