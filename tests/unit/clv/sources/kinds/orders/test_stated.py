"""What an export states in all, and the parts of it that are no revenue."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

import duckdb
import pytest

from clv.core.errors import ClvError
from clv.sources.kinds.mappings import parse
from clv.sources.kinds.orders import mapped

COLUMNS = ("order", "total", "tax", "duty", "post", "off", "refund", "item", "quantity", "price", "type")
LEAST = {"customer": "order", "order": "order", "time": "time"}
LINES = {"product_id": "item", "quantity": "quantity", "unit_price": "price"}
ROW = "amount, stated_amount, tax, shipping, tip, gift_card, discount_off"


def stated(*rows: str, show: str = ROW, included: Sequence[str] = (), **keys: object) -> list[tuple]:
    """Reads rows of COLUMNS, separated by blanks (a point is an empty one), and returns what is shown of each. Numbers
    are floats. included: parts that are revenue."""
    mapping = parse("shop", {**LEAST, **keys}, "shop.yml").counting(included)
    duck = duckdb.connect()
    columns = ", ".join(f'"{name}" varchar' for name in COLUMNS)
    duck.execute(f"create table received (_line bigint, {columns}, time varchar, _content hugeint)")
    for line, row in enumerate(rows, 1):
        values = [None if value == "." else value for value in row.split()]
        values += [None] * (len(COLUMNS) - len(values))
        duck.execute(
            f"insert into received values (?, {', '.join('?' * len(COLUMNS))}, '2024-01-01', 1)", [line, *values]
        )
    duck.execute(mapped.parsed_table(mapping, "UTC", "EUR", False))
    found = duck.execute(f"select {show} from parsed order by _line, _kind").fetchall()
    return [tuple(float(one) if isinstance(one, Decimal) else one for one in row) for row in found]


TOTAL = {"column": "total", "minus": {"tax": ["tax", "duty"], "shipping": "post", "discount": "off"}}


def test_named_parts_of_the_stated_amount_are_kept():
    assert stated("1 120 19 1 . 10", amount=TOTAL) == [(90, 120, 20, 0, None, None, 10)]
    assert stated("1 . 19 1", amount=TOTAL) == [(None,) * 7]  # without an amount, there is nothing to take off


def test_parts_that_are_revenue_in_this_shop_are_not_taken_off():
    shipped = {"column": "total", "minus": {"shipping": "post"}}
    assert stated("1 120 19 1 6 10", amount=TOTAL, included=["shipping"]) == [(90, 120, 20, None, None, None, 10)]
    assert stated("1 120 19 1 6 10", amount=TOTAL, included=["tip"])[0][0] == 84
    assert stated("1 120 . . 20", amount=shipped, included=["shipping"]) == [(120, *(None,) * 6)]
    once = {"sum": ["total"], "minus": {"shipping": "post"}, "once_per_order": ["post"]}
    assert stated("1 120 . . 20", "1 7 . . 20", amount=once, included=["shipping"], show="amount") == [(120,), (7,)]
    refund = {"amount": "refund", "of": "total"}
    back = stated("1 120 . . 20 . 30", amount=shipped, refund=refund, included=["shipping"], show="amount")
    assert back == [(120,), (-30,)]


def test_a_list_is_subtracted_without_saying_what_it_is():
    assert stated("1 120 20", amount={"column": "total", "minus": ["tax"]}) == [(100, 120, *(None,) * 5)]


def test_an_amount_of_which_nothing_is_taken_off_states_nothing_more():
    assert stated("1 120 20", amount="total") == [(120, *(None,) * 6)]


def test_what_is_added_to_a_price_and_taken_off_is_known():
    shipped = {"sum": ["total", "post"], "minus": {"shipping": "post"}}
    rows = ("1 0.1 . . 0.2", "2 120", "3")
    assert stated(*rows, amount=shipped, show="amount, stated_amount, shipping") == [
        (0.1, 0.3, 0.2), (120, 120, 0), (None, None, None),
    ]  # fmt: skip


def test_a_discount_that_is_taken_off_is_the_rows_discount():
    assert stated("1 120 . . . 10", amount=TOTAL, show="amount, discount") == [(110, 10)]
    several = {"column": "total", "minus": {"discount": ["off", "post"]}}
    assert stated("1 120 . . 3 5", amount=several, show="amount, discount") == [(112, 8)]
    named = {"amount": TOTAL, "columns": {"discount": "duty"}}
    assert stated("1 120 . 4 . 10", **named, show="amount, discount") == [(106, 4)]


def test_the_discount_of_an_order_that_several_rows_state_counts_once():
    once = {**TOTAL, "once_per_order": True}
    assert stated("1 120 . . . 10", "1 120 . . . 10", amount=once, show="amount, discount") == [(110, 10), (0, None)]


def test_a_refund_has_no_discount():
    keys = {"amount": TOTAL, "refund": {"amount": "refund", "of": "total"}}
    assert stated("1 120 . . . 20 30", **keys, show="amount, discount") == [(100, 20), (-25, None)]


def test_the_total_of_an_order_stands_once_with_its_parts():
    once = {**TOTAL, "once_per_order": True}
    expected = [(90, 120, 20, 10, None, None, 0), (0, *(None,) * 6)]
    for further in ("1 120 20 . 10", "1 0", "1"):
        assert stated("1 120 20 . 10", further, amount=once) == expected


def test_no_less_than_nothing_is_left_of_the_total_of_an_order():
    # Free goods: the shipping of 6 contains the tax of 1, so all that was paid is taken off.
    assert stated("1 6 1 . 6", amount={**TOTAL, "once_per_order": True}) == [(0, 6, 1, 6, None, None, 0)]
    assert stated("1 -6 1 . .", amount={**TOTAL, "once_per_order": True})[0][:2] == (-7, -6)
    # A row with a discount of the whole order: the other row has the rest.
    assert stated("1 5 . . . 20", "1 50", amount=TOTAL, show="amount") == [(-15,), (50,)]


def test_sold_gift_cards_are_taken_off_a_total_and_kept():
    amount = {"column": "total", "minus": {"tax": "tax"}, "once_per_order": True}
    rows = ("1 172 2 . . . . tea 1 70", "1 . . . . . . card 2 50")
    card = {"column": "item", "equals": "card"}
    assert stated(*rows, amount=amount, columns=LINES, no_revenue=card)[0] == (70, 172, 2, None, None, 100, None)


def test_a_row_that_is_no_revenue_is_a_sold_gift_card():
    card = {"column": "item", "equals": "card"}
    rows = ("1 50 . . . . . card", "1 20 . . . . . tea")
    assert stated(*rows, amount="total", no_revenue=card) == [
        (0, 50, None, None, None, 50, None), (20, 20, None, None, None, 0, None),
    ]  # fmt: skip


def test_a_refund_states_its_share_of_the_whole():
    keys = {"amount": TOTAL, "refund": {"amount": "refund", "of": "total"}}
    # a quarter of 120: a quarter of 90 is goods
    assert stated("1 120 20 . 10 . 30", **keys, show="amount, stated_amount, tax") == [
        (90, 120, 20), (-22.5, -30, None),
    ]  # fmt: skip


def test_a_refund_of_gift_cards_alone_states_what_was_paid_back():
    card = {"column": "item", "equals": "card"}
    keys = {"amount": {"column": "total", "once_per_order": True}, "no_revenue": card, "columns": LINES}
    refund = {"amount": "refund", "of": "total"}
    found = stated("1 50 . . . . 20 card 1 50", **keys, refund=refund, show="_kind, amount, stated_amount, gift_card")
    assert found == [("", 0, 50, 50), ("refund", 0, -20, None)]


def test_a_refund_of_an_order_states_its_share_of_all_its_rows():
    amount = {"sum": ["total"], "minus": {"tax": "tax"}}
    keys = {"amount": amount, "refund": {"amount": "refund", "of": "total", "once_per_order": True}}
    # 40 and 60 less 4 and 6; a half of 40 is a half of all
    found = stated("1 40 4 . . . 20", "1 60 6", **keys, show="amount, stated_amount")
    assert found == [(36, 40), (-45, -50), (54, 60)]


def test_rows_that_are_made_negative_have_negative_parts():
    sign = {"column": "type", "negative": ["return"]}
    back = "1 120 20 . . . . . . . return"
    assert stated(back, amount=TOTAL, sign=sign) == [(-100, -120, -20, 0, None, None, 0)]
    minus = back.replace("120", "-120").replace(" 20 ", " -20 ")
    assert stated(minus, amount=TOTAL, sign=sign)[0][:3] == (-100, -120, -20)


def test_parts_are_converted_with_the_amount():
    currency = {"code": "USD", "rates": {"USD": 0.5}}
    assert stated("1 120 20", amount=TOTAL, currency=currency)[0][:3] == (50, 60, 10)


def test_a_part_that_is_not_known_is_named_with_those_that_are():
    line = "shop.yml has the unknown key 'vat' under 'amount.minus'; known keys are tax, shipping, tip, gift_card,"
    with pytest.raises(ClvError, match=re.escape(line)):
        stated("1 120", amount={"column": "total", "minus": {"vat": "tax"}})


@pytest.mark.parametrize(
    "amount",
    [
        {"column": "total", "minus": {"tax": "tax", "other": ["tax"]}},
        {"column": "total", "minus": ["tax", "post", "tax"]},
        {"column": "tax", "minus": {"tax": "tax"}},
        {"sum": ["total", "tax"], "minus": {"tax": "tax", "other": "tax"}},
    ],
)
def test_a_column_is_taken_off_once(amount: dict):
    with pytest.raises(ClvError, match=r"^shop\.yml: 'amount' names the column 'tax' twice; name each column once$"):
        stated("1 120 20", amount=amount)


def test_a_mapping_that_does_not_name_its_parts_keeps_its_digest():
    listed = parse("shop", {**LEAST, "amount": {"column": "total", "minus": ["tax"]}}, "shop.yml")
    assert "amount_parts" not in listed.digested()
    assert parse("shop", {**LEAST, "amount": TOTAL}, "shop.yml").digested()["amount_parts"]
