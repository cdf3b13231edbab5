"""Values that concern a whole order: totals and refunds count once, filters, repeated rows."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import yaml

from clv.sources.kinds.mappings import parse
from clv.sources.kinds.orders import mapped
from clv.sources.mapping import hints

COLUMNS = ("customer", "order", "time", "amount", "refund", "item", "payment", "total", "quantity", "price")
LEAST = {"customer": "customer", "order": "order", "time": "time", "columns": {"product_id": "item"}}
ONCE = {"column": "amount", "once_per_order": True}


def parsed(rows: list[dict], **keys: object) -> duckdb.DuckDBPyConnection:
    """Reads rows through a mapping; returns the database. The rows belong to one customer by default."""
    mapping = parse("shop", {**LEAST, "amount": "amount", **keys}, "shop.yml")
    duck = duckdb.connect()
    columns = ", ".join(f'"{name}" varchar' for name in COLUMNS)
    duck.execute(f"create table received (_line bigint, {columns}, _content hugeint)")
    for line, row in enumerate(rows, 1):
        values = {"customer": "ann", "time": "2024-01-01", **row}
        read = [values.get(name) for name in COLUMNS]
        duck.execute(
            f"insert into received values ({', '.join('?' * (len(COLUMNS) + 2))})", [line, *read, hash(tuple(read))]
        )
    duck.execute(mapped.parsed_table(mapping, "UTC", "EUR", False))
    return duck


def amounts(rows: list[tuple[str | None, str | None]], **keys: object) -> list[tuple[float | None, str | None]]:
    """Returns, for rows of one order with an amount and a refund, the resulting amount, refund, and reason of each
    row."""
    duck = parsed(
        [{"order": "1", "amount": amount, "refund": refund} for amount, refund in rows], **{"refund": "refund", **keys}
    )
    return duck.execute("select amount::double, _reason from parsed order by _line, _kind").fetchall()


def test_a_total_counts_once_whether_further_rows_repeat_it_or_not():
    for further in ("80", "0", None):
        assert amounts([("80", None), (further, None), (further, None)], amount=ONCE) == [
            (80, None), (0, None), (0, None),
        ]  # fmt: skip
    assert amounts([(None, None), ("9", None)], amount=ONCE) == [(9, None), (0, None)]
    assert amounts([("0", None), (None, None)], amount=ONCE) == [(0, None), (0, None)]
    assert amounts([(None, None), (None, None)], amount=ONCE) == [(None, None), (None, None)]


def test_paid_and_refunded_amounts_are_two_totals():
    rows = [("80", None), ("80", None), ("-30", None), ("-30", None)]
    assert amounts(rows, amount=ONCE) == [(80, None), (0, None), (-30, None), (0, None)]
    assert amounts([(None, None), ("-5", None)], amount=ONCE) == [(0, None), (-5, None)]


def test_a_row_that_states_another_total_is_unreadable():
    found = amounts([("10.50", "5"), ("12", "5"), ("10.50", "7")], amount=ONCE)
    assert found == [
        (10.5, None),
        (-5, None),
        (0, "the amount '12' is not '10.5', which the order states first"),
        (0, "the refund '7' is not '5', which the order states first"),
    ]


def test_rows_without_an_order_contradict_no_other_row():
    duck = parsed([{"amount": "10"}, {"amount": "12"}], amount=ONCE)
    assert duck.execute("select order_id, _reason from parsed").fetchall() == [(None, None), (None, None)]


def test_a_refund_counts_as_often_as_the_mapping_says():
    rows: list[tuple[str | None, str | None]] = [("50", "30"), ("30", "-30")]
    each = [(50, None), (-30, None), (30, None), (-30, None)]
    assert amounts(rows) == each
    assert amounts(rows, refund={"amount": "refund", "once_per_order": True}) == [*each[:2], each[2]]
    of_lines = {"amount": "refund", "once_per_order": False}
    assert amounts([("80", "30"), ("80", "20")], amount=ONCE, refund=of_lines) == [
        (80, None), (-30, None), (0, None), (-20, None),
    ]  # fmt: skip


def test_a_refund_of_an_order_takes_back_the_costs_of_all_its_lines():
    rows = [{"order": "1", "amount": "80", "refund": "40", "price": "10"}, {"order": "1", "price": "30"}]
    columns = {"product_id": "item", "cost": "price"}
    query = "select cost::double from parsed order by _line, _kind"
    of_order = parsed(rows, amount=ONCE, refund="refund", columns=columns)
    assert of_order.execute(query).fetchall() == [(10,), (20,), (30,)]
    lines = [{**rows[0], "amount": "60"}, {**rows[1], "amount": "20"}]
    of_line = parsed(lines, refund="refund", columns=columns)
    assert of_line.execute(query).fetchall() == [(10,), (6.6667,), (30,)]


def shares(rows: list[tuple], **keys: object) -> list[tuple]:
    """Returns the amounts and refunds of one order's rows of an amount, the total that contains it, and the refunded
    part of that total; and the reasons."""
    of_total = {"amount": "refund", "of": "total", **keys.pop("refund", {})}  # type: ignore[dict-item]
    named = [{"order": "1", **dict(zip(("amount", "total", "refund", "item"), row, strict=False))} for row in rows]
    duck = parsed(named, refund=of_total, **keys)
    return duck.execute("select amount, _reason from parsed order by _line, _kind").fetchall()


def test_a_refund_of_a_total_is_the_same_share_of_the_amount():
    # 30 of 120 is a quarter, and a quarter of 80 is 20; a third of 80 is rounded to 10 digits
    assert shares([("80", "120", "30")]) == [(80, None), (-20, None)]
    assert shares([("80", "120", "-40")]) == [(80, None), (Decimal("-26.6666666667"), None)]
    assert shares([("80.01", "119.99", "119.99")]) == [(Decimal("80.01"), None), (Decimal("-80.01"), None)]
    assert shares([("80", "120", "150")]) == [(80, None), (-100, None)]  # more than was paid, as refunds without `of`
    assert shares([("80", "120", "0"), ("80", "120", None), ("80", None, None)]) == [(80, None)] * 3
    largest = "9999999999999.99"
    assert shares([(largest, largest, "4999999999999.99")])[1] == (Decimal("-4999999999999.99"), None)


def test_a_refund_of_no_total_is_unreadable_unless_the_row_is_rejected():
    reason = "refund '5' is a part of total, which is empty or 0"
    assert shares([("80", None, "5"), ("80", "0", "5.00")]) == [(80, reason), (80, reason)]
    tiny = "0.0000000001"
    assert shares([("9" * 13, tiny, "9" * 13)]) == [(9999999999999, "the refund is too large")]
    filters = [{"rule": "gift", "column": "item", "equals": "card"}]
    assert shares([("80", "0", "5", "card")], filters=filters) == [(80, None)]


def test_the_remedy_for_a_refund_of_no_total_rejects_its_order_and_leaves_other_refunds():
    reason = "refund '5' is a part of total, which is empty or 0"
    keys = {"amount": "amount", "refund": {"amount": "refund", "of": "total"}}

    def lines(**more: object) -> list[str]:
        mapping = parse("shop", {**LEAST, **keys, **more}, "shop.yml")
        return [line.partition("say in the mapping shop: ")[2] for line in hints.remedies([reason], mapping)]

    of_nothing, of_none = (yaml.safe_load(line)["filters"] for line in lines())
    assert [yaml.safe_load(line) for line in lines(filters=of_nothing)] == [of_nothing, of_none]
    filters = [*of_nothing, *of_none]
    assert shares([("80", "0", "5")], filters=filters) == [(80, None)]
    assert shares([("80", None, "5")], filters=filters) == [(80, None)]
    assert shares([("80", "120", "30")], filters=filters) == [(80, None), (-20, None)]
    mapping = parse("shop", {**LEAST, **keys}, "shop.yml")
    assert hints.remedies([reason], mapping)[0] == (
        "this rejects orders whose total is at most 0, also those without a refund; say in the mapping shop: "
        'filters: [{rule: refund_of_nothing, column: "total", at_most: 0}]'
    )


def test_a_refund_of_an_order_is_a_share_of_all_that_counts_of_the_order():
    once = {"amount": {"column": "amount", "once_per_order": True}}
    # the total and its refund in the first row, or in each: a quarter of 80
    for further in (("80", "120", "30"), (None, None, None), ("0", None, "30")):
        assert shares([("80", "120", "30"), further], **once) == [(80, None), (-20, None), (0, None)]
    of_order = {"refund": {"once_per_order": True}}
    # lines of 50 and 30 and the order's total: a quarter of 80; with a rejected line, a quarter of 50
    lines = [("50", "120", "30", "pen"), ("30", "120", "30", "POST")]
    assert shares(lines, **of_order) == [(50, None), (-20, None), (30, None)]
    filters = [{"rule": "postage", "column": "item", "equals": "POST"}]
    assert shares(lines, filters=filters, **of_order)[1] == (Decimal("-12.5"), None)
    assert shares([("50", "60", "30"), ("30", "60", "15")]) == [
        (50, None),
        (-25, None),
        (30, None),
        (Decimal("-7.5"), None),
    ]
    free = {"no_revenue": {"column": "item", "equals": "card"}}
    assert shares([("80", "120", "30", "card")], **free) == [(0, None), (0, None)]  # what was paid back is stated


def test_lines_without_revenue_are_taken_off_the_total_of_their_order():
    gift = {"column": "item", "equals": "card"}
    columns = {"product_id": "item", "quantity": "quantity", "unit_price": "price"}

    def totals(*rows: tuple, **keys: object) -> list[float]:
        names = ("item", "quantity", "price", "amount")
        named = [{"order": "1", **dict(zip(names, row, strict=False))} for row in rows]
        duck = parsed(named, amount=ONCE, columns=columns, no_revenue=gift, **keys)
        return [amount for (amount,) in duck.execute("select amount::double from parsed order by _line").fetchall()]

    pen, cards = ("pen", "1", "30", "128"), ("card", "2", "50")
    assert totals(pen, cards) == [28, 0]  # 128 less two cards of 50
    assert totals((*cards, "128"), pen[:3]) == [28, 0]
    assert totals((*cards, "100")) == [0]
    assert totals((*cards, "99.99")) == [0]
    assert totals(pen) == [128]
    paid = {"column": "payment", "equals": "gift_card"}
    duck = parsed(
        [{"order": "1", "amount": "9", "payment": "gift_card"}], amount=ONCE, columns=columns, no_revenue=paid
    )
    assert duck.execute("select amount::int from parsed").fetchall() == [(0,)]


def test_a_refund_is_converted_with_its_amount():
    rates = {"currency": {"code": "USD", "rates": {"USD": 0.9}}}
    assert shares([("80", "120", "30")], **rates) == [(72, None), (-18, None)]


def test_a_filter_on_a_column_of_orders_rejects_orders_and_one_on_a_column_of_lines_rejects_lines():
    filters = [
        {"rule": "test", "column": "payment", "equals": "bogus"},
        {"rule": "postage", "column": "item", "equals": "POST"},
    ]
    rows = [
        {"order": "1", "payment": "bogus", "item": "pen"},
        {"order": "1"},
        {"order": "2", "payment": "card", "item": "POST"},
        {"order": "2"},
        {"order": "2", "item": "pen"},
        {"order": "1", "customer": "bob"},  # another customer's order with the same number
    ]
    found = parsed(rows, filters=filters).execute("select _rule from parsed order by _line").fetchall()
    assert [rule for (rule,) in found] == ["test", "test", "postage", None, None, None]


def test_the_total_is_assigned_to_a_row_that_counts():
    filters = [{"rule": "postage", "column": "item", "equals": "POST"}]
    rows = [{"order": "1", "amount": "25", "item": "POST"}, {"order": "1"}, {"order": "1", "item": "pen"}]
    duck = parsed(rows, amount=ONCE, filters=filters)
    assert duck.execute("select amount::int, _rule from parsed order by _line").fetchall() == [
        (0, "postage"), (25, None), (0, None),
    ]  # fmt: skip


def numbers(rows: list[dict], **keys: object) -> list[int]:
    duck = parsed([{"amount": "5", **row} for row in rows], **keys)
    duck.execute(mapped.repeats(parse("shop", {**LEAST, "amount": "amount", **keys}, "shop.yml")))
    query = "select coalesce(number, 1) from parsed left join repeats using (_line, _kind) order by _line"
    return [number for (number,) in duck.execute(query).fetchall()]


def test_equal_lines_are_numbered_where_they_stand_together():
    pen, ink, other = {"order": "1", "item": "pen"}, {"order": "1", "item": "ink"}, {"order": "2", "item": "pen"}
    assert numbers([pen, pen, ink, pen]) == [1, 2, 1, 3]
    assert numbers([pen, pen, ink, other, pen, pen, ink]) == [1, 2, 1, 1, 1, 2, 1]
    total = {"order": "1"}
    assert numbers([total, total, other]) == [1, 1, 1]
    assert numbers([pen, ink, pen, pen], row_key="customer_order_time") == [1, 4, 2, 3]


def test_refunds_of_an_order_are_numbered_by_their_time():
    back = {"order": "1", "amount": "-5"}
    assert numbers([back, {**back, "amount": "-6"}, back, {**back, "time": "2024-01-02"}]) == [1, 2, 1, 1]


def test_a_filter_keeps_rows_that_meet_its_exception():
    refunds = {"column": "item", "matches": "refund"}
    paid = {"rule": "paid_by_the_shop", "column": "amount", "at_most": 0, "unless": refunds}
    rows = [("9", "sale"), ("-3", "sale"), ("-2", "a refund"), ("-1", None)]
    duck = parsed(
        [{"order": str(n), "amount": amount, "item": item} for n, (amount, item) in enumerate(rows)], filters=[paid]
    )
    rules = duck.execute("select _rule from parsed order by _line").fetchall()
    assert rules == [(None,), ("paid_by_the_shop",), (None,), ("paid_by_the_shop",)]


def test_the_exception_of_a_filter_reads_the_orders_value():
    kept = {"rule": "draft", "column": "payment", "equals": "none", "unless": {"column": "customer", "equals": "ann"}}
    rows = [{"order": "1", "payment": "none", "customer": "ann"}, {"order": "1", "payment": "none", "customer": "bob"}]
    duck = parsed([{**row, "amount": "1"} for row in rows], filters=[kept])
    assert duck.execute("select _rule from parsed order by _line").fetchall() == [(None,), ("draft",)]
