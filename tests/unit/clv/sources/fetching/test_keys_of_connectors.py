"""A connector's key and what the mapping replaces."""

from __future__ import annotations

import pytest

from clv.core.errors import ClvError
from clv.sources.fetching import keys, rows
from clv.sources.kinds.orders.mapping import OrdersMapping

LINES = [{"id": 1, "order_id": 7, "customer_id": "A"}, {"id": 2, "order_id": 7, "customer_id": "A"}]


def mapping(row_key: str) -> OrdersMapping:
    return OrdersMapping(
        source="shop", customer="customer_id", order=("order_id",), time="at", amount="amount", row_key=row_key
    )


def found(*key: str) -> list[rows.Found]:
    return [*(rows.unit([line], key) for line in LINES), rows.Reached("1")]


@pytest.mark.parametrize(
    ("row_key", "written"), [("order", "key: order_id$"), ("customer_order", r"key: \[customer_id, order_id\]$")]
)
def test_a_line_alone_may_not_replace_its_order(row_key, written):
    with pytest.raises(ClvError, match=f"rows of several keys \\(id\\), .*write {written}"):
        list(keys.whole_orders(found("id"), ["id"], mapping(row_key)))


@pytest.mark.parametrize(("key", "row_key"), [("order_id", "order"), ("customer_id", "customer_order"), ("id", "line")])
def test_keys_that_fit_pass_everything(key, row_key):
    assert list(keys.whole_orders(found(key), [key], mapping(row_key))) == found(key)
    assert list(keys.whole_orders(found("id"), ["id"], None)) == found("id")


def test_an_order_that_would_count_for_two_customers_is_noted():
    (note,) = keys.notes(["order_id"], mapping("customer_order"))
    assert "write `row_key: order` in the mapping" in note
    assert keys.notes(["order_id"], mapping("order")) == []
    assert keys.notes(["customer_id", "order_id"], mapping("customer_order")) == []
    assert keys.notes(["order_id"], None) == []
