"""Files of exchange rates, and lines that keep their currency for them."""

from __future__ import annotations

from decimal import Decimal

import pytest
import yaml

from clv.core.errors import ClvError
from clv.sources.kinds.mappings import SHIPPED, parse

ORDERS = "c,o,t,a,w\nann,1,2024-01-10,100,EUR\nann,2,2024-01-10,100,USD\nann,3,2024-01-10,100,usd\n"
RATES = {"EUR": "1.1", "USD": 1}


def test_lines_keep_their_currency_where_the_rate_of_the_day_applies(parsed) -> None:
    read = "amount, currency, fixed_rate"
    by_day = {"currency": {"column": "w", "rates": RATES, "by_day": True}}
    own = (Decimal(100), None, None)
    assert parsed(ORDERS, read, by_day) == [(Decimal(110), "EUR", Decimal("1.1")), own, own]
    fixed = {"currency": {"column": "w", "rates": RATES}}
    assert parsed(ORDERS, read, fixed) == [(Decimal(110), None, None), own, own]
    of_file = {"currency": {"code": "EUR", "rates": RATES, "by_day": True}}
    assert {row[1:] for row in parsed(ORDERS, read, of_file)} == {("EUR", Decimal("1.1"))}


def test_a_refund_keeps_the_currency_of_its_sale(parsed) -> None:
    keys = {"currency": {"code": "EUR", "rates": RATES, "by_day": True}, "refund": "r"}
    rows = parsed("c,o,t,a,r\nann,1,2024-01-10,100,40\n", "_kind, amount, currency", keys)
    assert sorted(rows) == [("", 110, "EUR"), ("refund", -44, "EUR")]


def test_a_fixed_rate_is_needed_too() -> None:
    keys = {"customer": "c", "order": "o", "time": "t", "amount": "a", "currency": {"column": "w", "by_day": True}}
    with pytest.raises(
        ClvError, match=r"^shop\.yml: 'currency\.by_day' needs fixed rates too, .*rates: \{USD: 0\.92\}$"
    ):
        parse("shop", keys, "shop.yml")


def test_only_orders_are_converted_by_day() -> None:
    keys = {"kind": "payments", "order_id": "o", "amount": "a", "currency": {"column": "w", "by_day": True}}
    with pytest.raises(ClvError, match="unknown key 'by_day' under 'currency'"):
        parse("shop", keys, "shop.yml")


def test_a_rate_is_above_nothing(parsed) -> None:
    mapping = yaml.safe_load((SHIPPED / "rates.yml").read_text())
    file = "day,currency,rate\n2024-01-10,USD,0.9\n2024-01-11,USD,0\n2024-01-12,USD,x\n"
    rows = parsed(file, "_rule, coalesce(_reason, '')", mapping)
    assert rows[:2] == [(None, ""), ("no_rate", "")]
    assert rows[2][1].startswith("rate 'x' is not a number")
