from __future__ import annotations

import pandas as pd
import pytest

from benchmarks import first_order

MAY, JUNE = pd.Timestamp("2024-05-01"), pd.Timestamp("2024-06-01")


def days(rows: list[tuple[int, str]]) -> pd.DataFrame:
    made = {
        "value": 10.0,
        "products": 1,
        "units": 2,
        "median_price": 5.0,
        "largest_line": 2,
        "hour": 9,
        "country": "Eire",
    }
    return pd.DataFrame(rows, columns=["customer", "day"]).assign(day=lambda each: pd.to_datetime(each["day"]), **made)


def test_customers_with_one_day_before_the_origin_are_known_by_what_follows() -> None:
    bought = days([(1, "2024-05-02"), (2, "2024-05-03"), (2, "2024-06-01"), (3, "2024-05-04"), (3, "2024-05-05")])
    once = first_order.ordered_once(bought, JUNE, 30)
    assert once.set_index("customer")["again"].to_dict() == {1: 0, 2: 1}


def test_a_window_ends_before_its_last_day() -> None:
    bought = days([(1, "2024-05-02"), (1, "2024-06-11")])
    assert first_order.ordered_once(bought, JUNE, 10)["again"].tolist() == [0]
    assert first_order.ordered_once(bought, JUNE, 11)["again"].tolist() == [1]


def test_a_products_rate_is_that_of_its_other_buyers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_order, "SHRINKAGE", 2)
    learned = pd.DataFrame({"customer": [1, 2, 3, 4], "day": MAY, "again": [1.0, 1.0, 0.0, 0.0]})
    products = pd.DataFrame({"customer": [1, 2, 3, 4, 5], "day": MAY, "StockCode": ["cup", "cup", "cup", "pot", "cup"]})
    rates = first_order.product_rate(learned, learned, products)
    # The mean is .5 and counts as two customers. Of the cup's other buyers 1 of 2, 1 of 2, and 2 of 2 ordered again.
    assert rates == pytest.approx([(1 + 1) / 4, (1 + 1) / 4, (2 + 1) / 4, 0.5])
    new = pd.DataFrame({"customer": [5, 6], "day": MAY})
    assert first_order.product_rate(new, learned, products) == pytest.approx([(2 + 1) / 5, 0.5])
