"""Late, refunded and corrected orders: however a history is delivered, the tables equal those of a single delivery."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from raw_rows import deliver, line

from clv.catalog import tables
from clv.transform import dbt
from clv.warehouse import db

pytestmark = pytest.mark.set_up

AS_OF = datetime(2024, 6, 1)  # noqa: DTZ001 - times in raw have no zone
VARIABLES = {"as_of_date": "2024-06-01", "run_id": "2024-06-01.1"}
ORDERS = 120

amounts = st.decimals(min_value=-50, max_value=200, places=2).map(str)
times = st.integers(-400 * 24 * 60, 30 * 24 * 60).map(lambda minutes: (AS_OF + timedelta(minutes=minutes)).isoformat())
versions = st.lists(st.tuples(times, amounts), min_size=1, max_size=3)
keys = st.tuples(st.integers(1, ORDERS).map(str), st.sampled_from(["pen", "ink", "refund"]))
# Each history contains this sale, so that the tables are never empty: hypothesis often draws lines with an amount of 0.
SALE = {("0", "pen"): ("9", [("2024-03-01T10:00:00", "20.00")])}
histories = st.dictionaries(keys, st.tuples(st.sampled_from("abcdef"), versions), min_size=60, max_size=150).map(
    lambda drawn: SALE | drawn
)


def row(key: tuple[str, str], who: str, version: tuple[str, str]) -> dict:
    """One order line as received. A refund is a line with a negative amount."""
    at, amount = version
    order, product = key
    return line(order, at, f"-{amount.lstrip('-')}" if product == "refund" else amount, who, product_id=product)


def built(home) -> list[tuple]:
    """Every row of the features and of the orders, as text."""
    for layer in ("staging", "intermediate", "features"):
        dbt.build(layer, VARIABLES, home)
    return db.rows(f"""
        select f::text from {tables.CUSTOMER_FEATURES} as f union all select o::text from analytics_runs.fct_orders as o
        order by 1
    """)


def forget() -> None:
    with db.connect() as connection:
        connection.execute(f"truncate {tables.ORDER_LINES}, {tables.BATCHES}, {tables.WITHDRAWALS} cascade")


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(history=histories, data=st.data())
def test_any_order_and_split_of_a_history_gives_the_same_tables(home, history: dict, data: st.DataObject) -> None:
    forget()
    deliver([row(key, who, found[-1]) for key, (who, found) in history.items()])
    at_once = built(home)

    # All versions of all lines, shuffled; then the versions of each line in their order, as a shop sends them.
    order = data.draw(st.permutations([key for key, (_, found) in history.items() for _ in found]), "order")
    met: dict[tuple, int] = {}
    sent = []
    for key in order:
        who, found = history[key]
        sent.append((key, row(key, who, found[met.setdefault(key, 0)])))
        met[key] += 1
    forget()
    files: dict[str, dict] = {}
    for key, one in sent:  # a file ends at random, and always before a second version of one of its lines
        if one["_row_key"] in files or data.draw(st.integers(0, 19), "cut") == 0:
            deliver(list(files.values()), f"{key}.csv") if files else None
            files = {}
        files[one["_row_key"]] = one
    deliver(list(files.values()), "last.csv")
    assert at_once  # the tables have at least the fixed sale's order and its customer's features
    assert built(home) == at_once


# A version of an order. Its customer never changes; its lines, their amounts and its time may.
order_versions = st.lists(
    st.tuples(times, st.lists(st.tuples(st.sampled_from(["pen", "ink", "pad"]), st.integers(1, 200)), min_size=1)),
    min_size=1,
    max_size=3,
)
whole_orders = st.dictionaries(
    st.tuples(st.integers(1, 60).map(str), st.sampled_from("abcdef")), order_versions, min_size=20, max_size=50
)


def whole(key: tuple[str, str], version: int, content: tuple[str, list]) -> list[dict]:
    """The rows of one version of an order, each with a key that no other version has."""
    (order, who), (at, lines) = key, content
    return [
        line(order, at, amount, who, product_id=product, _row_key=f"{who}|{order}|{version}|{number}")
        for number, (product, amount) in enumerate(lines)
    ]


def given_back(key: tuple[str, str]) -> list[dict]:
    return [line(key[0], "2024-05-01T10:00:00", "-1.50", key[1], product_id=None, _row_key=f"{key}|refund")]


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(history=whole_orders, data=st.data())
def test_orders_that_come_whole_in_any_split_give_the_tables_of_their_newest_versions(
    home, history: dict, data: st.DataObject
) -> None:
    refunded = data.draw(st.lists(st.sampled_from(sorted(history)), unique=True, max_size=5), "refunded")
    sent = {key: [whole(key, *numbered) for numbered in enumerate(versions)] for key, versions in history.items()}
    forget()
    deliver([row for key in history for row in sent[key][-1]], "orders.csv", row_key="customer_order")
    deliver([row for key in refunded for row in given_back(key)], "refunds.csv", row_key="customer_order")
    at_once = built(home)

    # Refunds of an order are delivered at any time, before or between its versions, in files without the order.
    for key in refunded:
        sent[key].insert(data.draw(st.integers(0, len(sent[key])), "place"), given_back(key))
    forget()
    files: dict[tuple, list[dict]] = {}
    order = data.draw(st.permutations([key for key, rows in sent.items() for _ in rows]), "order")
    for number, key in enumerate(order):
        if files and (key in files or data.draw(st.integers(0, 9), "cut") == 0):
            deliver([row for rows in files.values() for row in rows], f"{number}.csv", row_key="customer_order")
            files = {}
        files[key] = sent[key].pop(0)
    deliver([row for rows in files.values() for row in rows], "last.csv", row_key="customer_order")
    assert built(home) == at_once
