from __future__ import annotations

from datetime import date

import numpy as np

from spark_jobs.features import customer_days
from spark_jobs.features.customer_days import CustomerDays

D1 = (date(2024, 1, 1) - customer_days.EPOCH).days
# Three customers. The first bought on the 1st and the 8th, and returned something on the 10th. The second returned
# something on the 3rd and bought on the 20th. The third bought on the 15th and had all of it refunded on the 16th.
DAYS = CustomerDays(
    np.array([0, 3, 5]),
    D1 + np.array([0, 7, 9, 2, 19, 14, 15]),
    np.array([10.0, 30.0, -5.0, -8.0, 40.0, 20.0, -20.0]),
    np.array([True, True, False, False, True, True, False]),
)


def test_a_history_holds_the_purchase_days_before_a_date() -> None:
    found, known = customer_days.histories(DAYS, date(2024, 1, 16))
    assert known.tolist() == [True, False, True]
    assert found["days_with_orders"].tolist() == [2, 1]
    assert found["recency"].tolist() == [7, 0]
    assert found["t"].tolist() == [15, 1]
    assert found["order_value_mean"].tolist() == [20, 20]


def test_an_outcome_holds_the_window_from_the_origin_on() -> None:
    bought, spent = customer_days.outcomes(DAYS, date(2024, 1, 8), 12)  # the 8th to the 19th
    assert bought.tolist() == [True, False, True]
    assert spent.tolist() == [25, 0, 0]
    bought, spent = customer_days.outcomes(DAYS, date(2024, 1, 8), 13)
    assert bought.tolist() == [True, True, True]
    assert spent.tolist() == [25, 40, 0]


def test_before_the_first_purchase_there_is_no_history() -> None:
    found, known = customer_days.histories(DAYS, date(2024, 1, 1))
    assert not known.any()
    assert len(found["t"]) == 0
