"""The arena's cases, and its shop of customers who cannot be distinguished."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.arena import cases
from benchmarks.arena.cases import Case
from clv.core.errors import ClvError


def test_a_shop_has_a_case_for_each_horizon_and_date():
    assert cases.cases(["Complete Journey"]) == [
        Case("Complete Journey", 90, date(2017, 8, 1)),
        Case("Complete Journey", 90, date(2017, 10, 1)),
    ]
    assert [(case.horizon, case.origin.year) for case in cases.cases(["purchases_11y"])] == [
        (90, 2013), (90, 2014), (90, 2015), (365, 2013), (365, 2014), (365, 2015),
    ]  # fmt: skip


def test_the_first_horizon_of_every_shop_comes_before_longer_ones():
    found = list(dict.fromkeys((case.shop, case.horizon) for case in cases.cases()))
    assert found[0] == ("CDNOW", 90)
    assert found.index(("exchangeable", 180)) < found.index(("demo", 90)) < found.index(("CDNOW", 180))
    assert len(cases.cases()) == len({case.folder for case in cases.cases()})


def test_an_unknown_shop_or_a_missing_file_gives_one_line(tmp_path: Path):
    with pytest.raises(ClvError, match="no shop CDNAU; choose from CDNOW, "):
        cases.cases(["CDNAU"])
    with pytest.raises(ClvError, match=r"cdnow.txt does not exist; .* --data"):
        cases.known()["CDNOW"].orders(tmp_path, tmp_path)


def test_baskets_of_households_become_orders(tmp_path: Path):
    (tmp_path / "complete_journey").mkdir()
    lines = {"household_id": [7, 7, 8], "basket_id": [1, 1, 2], "sales_value": [1.5, 2.25, 4.0]}
    times = pd.to_datetime(["2017-01-02 10:00", "2017-01-02 10:00", "2017-01-01 09:00"])
    pd.DataFrame({**lines, "transaction_timestamp": times}).to_parquet(
        tmp_path / "complete_journey" / "transactions.parquet"
    )
    file, mapping = cases.known()["Complete Journey"].orders(tmp_path, tmp_path)
    assert mapping is None
    orders = pd.read_parquet(file)
    assert orders[["customer_id", "order_id", "amount"]].to_numpy().tolist() == [[8, 2, 4.0], [7, 1, 3.75]]


def test_exchangeable_customers_order_at_one_rate_whenever_they_arrive():
    days = 1000
    customer, day, amount = cases.exchangeable(4000, days)
    assert len(customer) == len(day) == len(amount)
    assert 0 <= day.min() <= day.max() < days
    first = pd.Series(day).groupby(customer).min()
    early = first.index[first < 100]
    later = np.isin(customer, early) & (day >= 100)
    assert later.sum() / (len(early) * (days - 100)) == pytest.approx(cases.RATE, rel=0.05)
    assert amount.mean() == pytest.approx(40, rel=0.05)
    # The share of the others who have arrived by the middle is a half.
    others = first[first >= 100]
    assert (others < 550).mean() > 0.5
