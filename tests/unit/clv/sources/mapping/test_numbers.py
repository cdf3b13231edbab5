"""The grammar of numbers: a text in the mapping's style is read as that number; a text in another style is not read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import product

import duckdb
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from clv.sources.kinds.mappings import parse
from clv.sources.kinds.orders.mapping import OrdersMapping
from clv.sources.mapping import numbers, values_sql

STYLES = [(decimal, mark) for decimal, mark in product(".,", ("", ".", ",", " ", "'")) if decimal != mark]


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def styled(decimal: str = ".", thousands: str = "", **keys) -> OrdersMapping:
    file = {"decimal": decimal, "thousands": thousands or None}
    mapping = parse("shop", {"customer": "c", "order": "o", "time": "t", "amount": "x", "file": file, **keys}, "s.yml")
    assert isinstance(mapping, OrdersMapping)
    return mapping


def read(duck: duckdb.DuckDBPyConnection, text: str, mapping: OrdersMapping, currency: str = "EUR") -> Decimal | None:
    query = f"select {numbers.number_in(mapping, 'x')} from (select ? as x, ? as currency)"
    return duck.execute(query, [text, currency]).fetchall()[0][0]


def complaint(duck: duckdb.DuckDBPyConnection, text: str, mapping: OrdersMapping) -> str | None:
    rows = values_sql.valued(mapping, "select ? as x, null as c, null as t", [], "UTC")
    query = f"select case {' '.join(numbers.complaints(mapping))} end from ({rows})"
    return duck.execute(query, [text]).fetchall()[0][0]


def written(number: Decimal, decimal: str, mark: str) -> str:
    """Writes a number in a style, with groups of thousands if the style has a mark for them."""
    text = f"{number:,f}" if mark else f"{number:f}"
    return text.replace(",", "#").replace(".", decimal).replace("#", mark)


@pytest.mark.parametrize(
    ("decimal", "thousands", "texts"),
    [
        (".", "", {"12.50": "12.5", "-3": "-3", "+.5": "0.5", "5.": "5", "00012": "12"}),
        (".", "", {"12,50": None, "1,234.50": None, "1.234,50": None, "1 234": None, "1'234": None}),
        (".", "", {"12.-": "12", "-12.--": "-12", "12.\u2013": "12", "12-": "-12", "\u201312.5": "-12.5"}),
        (".", "", {"'12.5": "12.5", "''12": None, "12'": None}),
        (",", ".", {"1.234,-": "1234", "\u22121.234,\u2014": "-1234", "12,50-": "-12.5", "12,---": None}),
        (",", "", {"12,50": "12.5", "1234,5": "1234.5", "1.234": None, "12.50": None, "1.234,56": None}),
        (",", ".", {"1.234,56": "1234.56", "1.000": "1000", "12,50": "12.5", "1000,5": "1000.5", "1.23": None}),
        (",", ".", {"12.50": None, "1.2345": None, "1,234.50": None, "0.125": None, "1000.000": None}),
        (".", ",", {"1,234.50": "1234.5", "12,345,678": "12345678", "12,50": None, "1.234,50": None, "0,125": None}),
        (".", ",", {"1,00,000.50": "100000.5", "12,34,567": "1234567", "1,00,00": None, "1,0,000": None}),
        (",", " ", {"1 234,50": "1234.5", "1\u00a0234": "1234", "1\u202f234,5": "1234.5", "1 23,5": None}),
        (".", "'", {"1'234.50": "1234.5", "1\u2019234": "1234", "1 234": None}),
        (".", "", dict.fromkeys(["1e5", "1E+2", "NaN", "inf", "0x1F", "1_000", "१२", "5%", "1/2", "", "-", "--5"])),
        (".", "", {"(12.50)": "-12.5", "12.50-": "-12.5", "\u22125": "-5", "(-5)": None, "-5-": None, "(5": None}),
        (".", "", {"9" * 13: "9" * 13, "-" + "9" * 13: "-" + "9" * 13, "1" + "0" * 13: None, "9" * 40: None}),
    ],
)  # fmt: skip
def test_a_text_is_read_in_the_stated_style_alone(duck, decimal, thousands, texts):
    mapping = styled(decimal, thousands)
    found = {text: read(duck, text, mapping) for text in texts}
    assert found == {text: None if number is None else Decimal(number) for text, number in texts.items()}


@pytest.mark.parametrize(
    ("currency", "texts"),
    [
        ("USD", {"$12.50": "12.5", "-$45.00": "-45", "$-45": "-45", "($45)": "-45", "US$ 5": "5", "5 USD": "5"}),
        ("USD", {"€5": None, "CA$5": None, "5 EUR": None, "5 usd": "5", "$5 USD": "5", "$5 CAD": None}),
        ("EUR", {"116.99 €": "116.99", "€\u00a05": "5", "EUR 5": "5", "$5": None, "5 kg": None, "5 each": None}),
        ("DKK", {"kr. 12.50": "12.5", "12.50 kr.": "12.5"}),
        ("usd", {"$5": "5", "€5": None}),
        ({"column": "currency"}, {"€5": "5", "EUR 5": "5", "5 eur": "5", "$5": None, "5 USD": None}),
        (None, {"€5": None, "5 EUR": None, "5": "5"}),
    ],
)
def test_a_currency_beside_a_number_must_be_that_of_the_row(duck, currency, texts):
    mapping = styled(currency=currency)
    found = {text: read(duck, text, mapping) for text in texts}
    assert found == {text: None if number is None else Decimal(number) for text, number in texts.items()}


def test_the_reason_names_the_value_and_the_style_of_the_mapping(duck):
    german, american = styled(",", "."), styled(currency="USD")
    assert (
        complaint(duck, "12.50", german)
        == "x '12.50' is not a number with a decimal comma and points between thousands"
    )
    assert (
        complaint(duck, "1'0", american)
        == "x '1'0' is not a number with a decimal point and no marks between thousands"
    )
    assert complaint(duck, "€5", american) == "x '€5' bears a currency that the mapping does not state"
    assert complaint(duck, "1" + "0" * 13, american) == f"x '1{'0' * 13}' is 10,000,000,000,000 or more: too large"
    assert complaint(duck, "5", american) is None


amounts = st.decimals(min_value=-(10**12), max_value=10**12, places=2)


@given(number=amounts, style=st.sampled_from(STYLES))
def test_what_is_written_in_a_style_is_read_in_it(duck, number, style):
    assert read(duck, written(number, *style), styled(*style)) == number


@given(number=amounts, places=st.integers(0, 4), wrote=st.sampled_from(STYLES), reads=st.sampled_from(STYLES))
def test_what_is_written_in_another_style_is_that_number_or_none(duck, number, places, wrote, reads):
    text = written(round(number, places), *wrote)
    # Only the mapping can decide which number 1.234 or 1,234 is.
    assume(not re.fullmatch(r"-?\d{1,3}[.,]\d{3}", text))
    assert read(duck, text, styled(*reads)) in (None, Decimal(round(number, places)))
