"""The comparison of deep models reads customers as the warehouse does, and its made shop has the pattern it claims."""

from __future__ import annotations

import numpy as np
import pytest
from customers import customer

from benchmarks.deep import columns, shops
from spark_jobs.features import purchases
from spark_jobs.features.columns import FEATURE_COLUMNS
from spark_jobs.models.examples_on_spark import READ

DATE = 1000
ORDERS = [(700, 20.0), (400, 30.0), (40, 10.0), (5, 60.0)]  # days before the date, and money


def days() -> shops.Days:
    """Returns the orders of ORDERS, one later order, and a customer who only orders later."""
    at = [DATE - age for age, _ in ORDERS] + [DATE + 3, DATE + 3]
    money = [money for _, money in ORDERS] + [7.0, 9.0]
    return shops.netted(np.array([0] * 5 + [1]), np.array(at), np.array(money), np.arange(6.0))


def test_features_are_those_of_the_warehouse() -> None:
    found, who = columns.at(days(), DATE)
    wanted = customer(*ORDERS)
    assert who.tolist() == [0]
    unknown = {"distinct_products", "distinct_categories", "items_total"}
    for name in set(READ) - unknown:
        assert found[name] == pytest.approx(wanted[name]), name
    assert found["gap_std"] == pytest.approx(wanted["gap_std"])
    assert found["order_value_std"] == pytest.approx(wanted["order_value_std"])
    assert set(FEATURE_COLUMNS) <= set(found)


def test_sequences_end_with_the_latest_purchase_day() -> None:
    (found,) = columns.at(days(), DATE)[0][purchases.COLUMN].reshape(1, 3, purchases.LATEST)
    assert np.isnan(found[:, :-4]).all()
    assert found[:, -4:].tolist() == [[0, 300, 360, 35], [20, 30, 10, 60], [0, 1, 2, 3]]


def test_outcomes_are_those_of_the_window() -> None:
    orders, money = columns.outcome(days(), DATE, 4, np.array([0, 1]))
    assert (orders.tolist(), money.tolist()) == ([1, 1], [7, 9])
    assert columns.outcome(days(), DATE, 3, np.array([0]))[0].tolist() == [0]  # a window of 3 days ends before day 3


def test_days_without_money_are_no_purchase_days() -> None:
    one = np.array([1, 1, 1, 2])
    found = shops.netted(one, np.array([5, 5, 6, 6]), np.array([3.0, -1, -2, 4]), np.full(4, np.nan))
    assert (found.customer.tolist(), found.day.tolist(), found.money.tolist()) == ([1, 2], [5, 6], [2, 4])


def test_customers_of_the_made_shop_pause_after_every_third_purchase() -> None:
    made = shops.bursts(customers=200)
    for who in np.unique(made.customer):
        gaps = np.diff(made.day[made.customer == who])
        if len(gaps) > 8 and np.median(gaps) >= 5:  # shorter gaps are rounded to whole days too coarsely
            pause = gaps > 2.5 * np.median(gaps)
            assert set(np.diff(np.flatnonzero(pause))) == {3}
