"""Customers with one column changed: always possible ones, and unchanged if the column keeps its value."""

from __future__ import annotations

import numpy as np
import pytest
from customers import customer
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_jobs.explain import altered, explained
from spark_jobs.features.columns import PRIOR_YEAR, WINDOWS

ORDERS = st.lists(
    st.tuples(st.integers(1, 900), st.floats(1, 1000)), min_size=1, max_size=12, unique_by=lambda order: order[0]
)


@pytest.mark.parametrize("driver", explained.COLUMNS)
def test_customers_are_unchanged_at_their_own_value(driver: str) -> None:
    alteration = explained.COLUMNS[driver]
    columns = customer((500, 20.0), (350, 5.0), (320, 40.0), (170, 9.0), (80, 10.0), (20, 30.0), discount_share=0.2)
    assert alteration.possible(columns)[0]
    same = alteration.given(columns, float(columns[alteration.column][0]))
    for name, array in columns.items():
        assert same[name] == pytest.approx(array, nan_ok=True), name


@settings(max_examples=60, deadline=None)
@given(orders=ORDERS, share=st.floats(0, 1))
def test_altered_customers_are_possible(orders: list[tuple[int, float]], share: float) -> None:
    columns = customer(*orders)
    for alteration in explained.COLUMNS.values():
        highest = {"orders_90": 30, "days_with_orders": 30, "orders_prior_year_90": 20}.get(alteration.column, 800)
        least = {"days_with_orders": 2, "orders_90": 1, "orders_prior_year_90": 0}.get(alteration.column, 1)
        if not alteration.possible(columns)[0]:
            continue
        found = alteration.given(columns, round(least + share * (highest - least)))
        assert found["recency"] + found["days_since_last_order"] == pytest.approx(found["t"])
        assert found["days_with_orders"][0] >= 1
        for what in ("orders", "revenue"):
            sums = [found[f"{what}_{window}"][0] for window in WINDOWS]
            assert (np.diff([0, *sums]) >= -1e-6).all(), alteration.column
            assert (np.diff([found[f"{what}_prior_year_{h}"][0] for h in PRIOR_YEAR]) >= -1e-6).all(), alteration.column
        assert found["revenue_total"][0] >= found["revenue_365"][0] - 1e-6, alteration.column


def test_orders_shifted_in_time_leave_the_windows_that_they_have_passed() -> None:
    found = altered.shifted_in_time(customer((100, 50.0), (10, 8.0)), 40.0)
    assert found["t"] == 130
    assert found["recency"] == 90
    # The order of 100 days ago is known to lie between 90 and 180 days back, and no earlier than the first day.
    assert [found[f"orders_{w}"][0] for w in WINDOWS] == pytest.approx([0, 1, 1, 2, 2])
    assert [found[f"revenue_{w}"][0] for w in WINDOWS] == pytest.approx([0, 8, 8, 58, 58])


def test_a_customer_who_orders_twice_as_often_spends_twice_as_much() -> None:
    found = altered.more_often(customer((100, 50.0), (10, 50.0)), 4.0)
    assert found["revenue_365"] == 200
    assert found["orders_30"] == 2
    assert found["gap_mean"] == 30
    assert found["order_value_mean"] == 50


def test_added_recent_orders_are_in_all_windows_that_include_them() -> None:
    found = altered.recent_orders(customer((200, 10.0), (80, 50.0), (20, 50.0)), 4.0)
    assert [found[f"orders_{w}"][0] for w in WINDOWS] == [2, 2, 4, 4, 5]
    assert [found[f"revenue_{w}"][0] for w in WINDOWS] == [100, 100, 200, 200, 210]
    assert found["days_with_orders"] == 5
    assert found["order_value_mean"] == 42
    assert found["gap_mean"] == 45


def test_more_recent_spend_keeps_the_number_of_orders() -> None:
    found = altered.recent_spend(customer((200, 10.0), (80, 50.0), (20, 50.0)), 200.0)
    assert [found[f"orders_{w}"][0] for w in WINDOWS] == [1, 1, 2, 2, 3]
    assert [found[f"revenue_{w}"][0] for w in WINDOWS] == [100, 100, 200, 200, 210]
    assert found["order_value_mean"] == 70
