"""The simulated export of another system's forecasts."""

from __future__ import annotations

import csv
from datetime import date

import numpy as np

from sample_shop import external

# Customer 1 ordered twice (of two lines and of one) before day 100, customer 2 once, customer 0 only later.
LINES = {
    "order": np.array([0, 0, 1, 2, 3]),
    "customer": np.array([1, 1, 2, 1, 0]),
    "time": np.array([10.5, 10.5, 50.5, 90.5, 100.5]),
    "amount": np.array([1000, 500, 2000, 2500, 9999]),
}
START = date(2024, 1, 1)


def test_an_export_uses_orders_before_its_day_only(tmp_path):
    external.write(tmp_path, LINES, START, (0, 100), 7)
    (path,) = tmp_path.iterdir()
    assert path.name == "klaviyo-2024-04-10.csv"
    with path.open() as file:
        rows = {row["Email"]: row for row in csv.DictReader(file)}
    assert list(rows) == ["C0000002@example.com", "C0000003@example.com"]
    often, once = rows.values()
    assert (often["Historic Customer Lifetime Value"], often["Historic Number Of Orders"]) == ("40.00", "2")
    assert (once["Average Order Value"], once["Historic Number Of Orders"]) == ("20.00", "1")
    assert all(0 <= float(row["Churn Risk Prediction"]) <= 1 for row in rows.values())
    assert float(often["Predicted Number Of Orders"]) > float(once["Predicted Number Of Orders"]) > 0


def test_equal_arguments_give_equal_bytes(tmp_path):
    for name in ("one", "other"):
        external.write(tmp_path / name, LINES, START, (100,), 7)
    one, other = (next((tmp_path / name).iterdir()).read_bytes() for name in ("one", "other"))
    assert one == other


def test_subscribers_have_no_forecast():
    lines = {name: np.tile(values, 20) for name, values in LINES.items()}
    lines["customer"] = np.arange(100)
    lines["order"] = np.arange(100)
    rows = external.profiles(lines, 100, START, np.random.default_rng(1))
    assert [row.get("Predicted Customer Lifetime Value") for row in rows[80:]] == [None] * 2
