"""Values that concern a whole order: totals and refunds count once, filters, repeated rows."""

from __future__ import annotations

import duckdb

from clv.sources.kinds.mappings import parse
from clv.sources.kinds.orders import mapped

COLUMNS = ("customer", "order", "time", "amount", "refund", "item", "payment")
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
        duck.execute(f"insert into received values ({', '.join('?' * 9)})", [line, *read, hash(tuple(read))])
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
