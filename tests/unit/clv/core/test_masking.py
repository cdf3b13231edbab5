"""Which values of a file are shown and which are masked."""

from __future__ import annotations

import re

import pytest

from clv.core import masking
from clv.sources.kinds import mappings

# Telephone numbers of the United States, France, Spain, Germany, Denmark, Britain, Japan.
PHONES = [
    "5551234", "555-1234", "555.123.4567", "(555) 123-4567", "06 12 34 56 78", "612 345 678", "612345678", "0170123456",
    "+45 12 34 56 78", "+4512345678", "020 123 456", "03-1234-5678", "+34612345678", "0170 123 456", "0049.170.123.456",
]  # fmt: skip


@pytest.mark.parametrize(
    "value",
    ["12,50", "1.234,50", "(12.50)", "-7", "1 234.5", "€ 12,50", "12.50 EUR", "USD", "$1,234,567.89",
     "1.234,-", "12.50 CR", "12 zł", "kr 1 234,50", "-5", "123456", "n/a", "#DIV/0!", "14.09.2026", "2026-09-14 10:30",
     "9/14/26 1:05 PM", "2026-09-14T10:30:00+02:00"],
)  # fmt: skip
def test_numbers_dates_and_currencies_are_shown(value: str):
    assert masking.value(value) == value


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Anna Smith", "xxxx xxxxx"),
        ("anna@example.com", "xxxx@xxxxxxx.xxx"),
        ("+49 170 1234567", "+99 999 9999999"),
        ("01701234567", "99999999999"),
        ("Ängström 7", "xxxxxxxx 9"),
        *((name, "xxx") for name in ("Bob", "Ann", "BOB", "Kim", "ron", "Zoë")),
        *((number, re.sub(r"\d", "9", number)) for number in PHONES),
        ("078-05-1120", "999-99-9999"),  # a social security number, not a date
        *((f"{name} 12", "xxx 99") for name in ("Ann", "Bob", "Ron", "Nan")),
        ("Nan", "xxx"),
        ("1714557600", "9999999999"),
        ("x" * 300, "x" * 200 + "…"),
    ],
)
def test_whatever_may_name_somebody_is_not(value: str, shown: str):
    assert masking.value(value) == shown


def test_only_what_a_reason_quotes_is_masked():
    assert masking.reason("amount 'Bob's 12' is not a number") == "amount 'xxx'x 99' is not a number"
    assert masking.reason("the amount '35' is not '20', which") == "the amount '35' is not '20', which"
    assert masking.reason("the amount 'Ann' is not '20', which") == "the amount 'xxx' is not '20', which"
    assert masking.reason("has 3 fields where 4 are expected") == "has 3 fields where 4 are expected"


def test_words_that_the_mapping_names_are_shown():
    mapping = {"customer": "c", "order": "o", "time": "t", "amount": "a", "filters": []}
    mapping["filters"] = [{"rule": "void", "column": "s", "equals": ["voided", "on hold"]}]
    mapping["file"] = {"missing": ["(none)"]}
    words = mappings.parse("shop", mapping, "shop.yml").words
    assert words == {"voided", "on hold", "(none)"}
    assert masking.reason("a 'on hold' is not a number", words) == "a 'on hold' is not a number"
    assert masking.reason("a 'on hole' is not a number", words) == "a 'xx xxxx' is not a number"
