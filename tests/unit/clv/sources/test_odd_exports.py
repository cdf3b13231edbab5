"""Unusual exports are read as they are meant: dates and formulas of spreadsheets, names of months, amounts of whole
orders."""

# ruff: noqa: DTZ001 - times are naive, in the reporting zone
from __future__ import annotations

import datetime as dt

import pytest

from clv.core.errors import ClvError


@pytest.mark.parametrize(
    ("formats", "text", "time"),
    [
        (["excel_days"], "45413", dt.datetime(2024, 5, 1)),
        (["excel_days"], "45413.999988426", dt.datetime(2024, 5, 1, 23, 59, 59)),
        (["excel_days"], "2024-05-01 10:00", dt.datetime(2024, 5, 1, 10)),
        (["excel_days"], "4541", None),
        (["%d-%b-%y"], "10-Dez-25", dt.datetime(2025, 12, 10)),
        (["%d-%b-%y"], "10-Dec-25", dt.datetime(2025, 12, 10)),
        (["%d. %B %Y"], "1. M\u00e4rz 2024", dt.datetime(2024, 3, 1)),
        (["%d %b %Y %H:%M"], "12 f\u00e9vr. 2024 10:05", dt.datetime(2024, 2, 12, 10, 5)),
        (["%d de %B de %Y"], "3 de agosto de 2024", dt.datetime(2024, 8, 3)),
        (["%d %b %Y"], "3 Foo 2024", None),
    ],
)
def test_days_that_a_spreadsheet_counts_and_months_in_other_languages(parsed, formats, text, time):
    keys = {"time": {"column": "t", "formats": formats}}
    assert parsed(f"c,o,t,a\n1,a,{text},1\n", "ordered_at", keys) == [(time,)]


def test_an_amount_of_the_order_beside_amounts_of_lines_counts_once(parsed):
    amount = {"sum": ["price", "ship"], "minus": ["off"], "once_per_order": ["ship", "off"]}
    lines = (
        "c,o,t,price,ship,off\n"
        "1,a,2024-01-01,10,4.00,3\n1,a,2024-01-01,20,4,3\n"  # 34 - 3
        "1,b,2024-01-01,5,,0\n1,b,2024-01-01,6,2,0\n"  # 13, in whichever row it is
        "1,c,2024-01-01,7,2,\n1,c,2024-01-01,7,3,\n"
        "2,a,2024-01-01,9,1,x\n"  # another customer's order
    )
    number = "with a decimal point and no marks between thousands"
    assert parsed(lines, "order_id, amount::double, _reason", {"amount": amount}) == [
        ("a", 11, None), ("a", 20, None), ("b", 7, None), ("b", 6, None),
        ("c", 9, None), ("c", 7, "ship '3' is not '2', which the order states first"),
        ("a", 10, f"off 'x' is not a number {number}"),
    ]  # fmt: skip
    filters = [{"rule": "gift", "column": "price", "equals": "10"}]
    keys = {"amount": amount, "columns": {"unit_price": "price"}, "filters": filters}
    rows = lines.splitlines(keepends=True)
    assert parsed("".join(rows[:3]), "amount::double, _rule", keys) == [(10, "gift"), (21, None)]
    with pytest.raises(ClvError, match="'amount.once_per_order' lists columns of 'sum' or 'minus'.*'tax' is none"):
        parsed(lines, "1", {"amount": {**amount, "once_per_order": ["tax"]}})


def test_values_are_read_without_the_formula_that_protects_them(parsed):
    lines = 'c,o,t,a\n="007",="0101",="2024-01-01",="12.50"\n="",o,2024-01-01,1\n'
    assert parsed(lines, "customer_id, order_id, amount::double", {}) == [("007", "0101", 12.5), (None, "o", 1)]


def test_a_file_without_a_header_is_refused_without_its_values(parsed):
    with pytest.raises(ClvError, match=r"looks like a row \(x-9, xxx@xxxx\.xxxxxxx, 9999-99-99, 99\.99\)") as failure:
        parsed("o-1,ann@mail.example,2024-01-01,10.00\n", "1", {})
    assert "ann@" not in str(failure.value)
    assert 'file: {header: ["order", "customer", "time", "amount"]}' in str(failure.value)


def test_three_letters_are_a_currency_only_if_there_is_such_a_code(parsed):
    keys = {"currency": {"column": "cur", "rates": {"USD": 1, "BTC": 60000}}}
    lines = "c,o,t,a,cur\n1,a,2024-01-01,2,btc\n1,b,2024-01-01,1,Ann\n"
    assert parsed(lines, "amount::double, _reason", keys) == [
        (120000, None), (1, "cur 'Ann' is not a currency such as EUR"),
    ]  # fmt: skip
