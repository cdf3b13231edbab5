"""What is shown of a file's values, and what is not."""

from __future__ import annotations

import pytest

from clv import masking


@pytest.mark.parametrize(
    "value",
    ["12,50", "1.234,50", "(12.50)", "-7", "1 234.5", "€ 12,50", "12.50 EUR", "usd", "14.09.2026", "2026-09-14 10:30",
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
        ("x" * 300, "x" * 200 + "…"),
    ],
)
def test_whatever_may_name_somebody_is_not(value: str, shown: str):
    assert masking.value(value) == shown


def test_only_what_a_reason_quotes_is_masked():
    assert masking.reason("amount 'Bob's 12' is not a number") == "amount 'xxx'x 99' is not a number"
    assert masking.reason("has 3 fields where 4 are expected") == "has 3 fields where 4 are expected"
