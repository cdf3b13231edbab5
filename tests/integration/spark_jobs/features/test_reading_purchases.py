"""The latest purchase days of customers, read from the customer-days with a slice of features."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from clv.catalog import tables
from clv.core.settings import Settings
from clv.warehouse import db
from clv.warehouse.roles import MODELLER, TRANSFORMER
from spark_jobs.features import purchases
from spark_jobs.io.arrow import columns_of
from spark_jobs.io.slices import Slice
from spark_jobs.models.deep.networks.purchases import steps

DATE = date(2024, 6, 1)
SOME, MANY, NONE = (f"{letter * 8}-0000-4000-8000-000000000001" for letter in "19f")
DAYS = [  # customer, days before the date, money, items, days since the purchase day before
    (SOME, 70, 20, 2, None),
    (SOME, 60, -5, 0, None),  # a day of refunds is no purchase day
    (SOME, 45, 10, 1, 25),
    (SOME, 0, 99, 9, 45),  # the date itself is not before it
    *[(MANY, 400 - place, 100 + place, 1, 1 if place else None) for place in range(purchases.LATEST + 1)],
    (NONE, 20, -3, 0, None),
]


@pytest.fixture
def features(home: Settings) -> Slice:
    """The rows of a date: a customer with two purchase days, one with a day too many, and one with none."""
    with db.connect(home.url_as(TRANSFORMER)) as connection:
        connection.execute(
            f"create table {tables.INT_CUSTOMER_DAYS} (customer_key uuid, day date, net_revenue numeric, "
            "items numeric, is_purchase_day boolean, days_since_purchase integer)"
        )
        connection.execute(f"create table {tables.CUSTOMER_FEATURES} (customer_key uuid, as_of_date date, t integer)")
        for customer, ago, money, items, gap in DAYS:
            connection.execute(
                f"insert into {tables.INT_CUSTOMER_DAYS} values (%s, %s, %s, %s, %s, %s)",
                (customer, DATE - timedelta(days=ago), money, items, money > 0, gap),
            )
        for customer in (SOME, MANY, NONE):
            connection.execute(f"insert into {tables.CUSTOMER_FEATURES} values (%s, %s, 70)", (customer, DATE))
    return Slice(tables.CUSTOMER_FEATURES, {"as_of_date": DATE}, 2, home.url_as(MODELLER))


def test_the_latest_purchase_days_before_the_date_are_read_with_the_features(features: Slice) -> None:
    wanted = {"customer_key": "text", "t": "double precision", **purchases.COLUMNS}
    found = [features.read(part, wanted, purchases.MEANING) for part in range(2)]
    assert [part.column("customer_key").to_pylist() for part in found] == [[SOME], [MANY, NONE]]
    (some,), (many, none) = (columns_of(part)[purchases.COLUMN].reshape(-1, 3, purchases.LATEST) for part in found)
    assert some[:, -2:].tolist() == [[0, 25], [20, 10], [2, 1]]
    assert np.isnan(some[:, :-2]).all()
    assert many[0].tolist() == many[2].tolist() == [1] * purchases.LATEST
    assert many[1].tolist() == list(range(101, 101 + purchases.LATEST))  # the first day is left out
    assert np.isnan(none).all()
    used = steps(
        {**columns_of(found[0]), "order_value_mean": np.full(1, 15.0), "days_since_last_order": np.full(1, 45)}
    )
    assert used[0, -3:, 0] == pytest.approx(np.log1p([0, 25, 45]))
