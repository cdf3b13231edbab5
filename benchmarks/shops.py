"""Simulates shops that are hard to forecast: python -m benchmarks.shops yearly|once|without_money FILE.parquet

Writes orders with the columns customer_id, ordered_at and amount, for `clv backtest --orders`:

- `yearly`: every customer orders around their own day of the year, once or a few times a year;
- `once`: nearly nine in ten customers never order again;
- `without_money`: the yearly shop with all amounts 1, so that the forecast is one of orders.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

FIRST = date(2021, 1, 1)
Orders = tuple[np.ndarray, np.ndarray, np.ndarray]  # customer, day from FIRST, amount


def yearly(customers: int = 2500, days: int = 1095, seed: int = 1) -> Orders:
    """Customers who order around their own day of the year, some with a standard deviation of 12 days, some of 40."""
    rng = np.random.default_rng(seed)
    rows = []
    for customer in range(customers):
        born, stays = int(rng.integers(-365, days - 60)), rng.exponential(900)
        own_day, often = rng.integers(0, 365), rng.gamma(1.2, 1.3)
        value, spread = rng.lognormal(3.5, 0.6), rng.choice([12.0, 40.0])
        at = [born]
        for year in range(born // 365, days // 365 + 1):
            at += list(np.round(365 * year + own_day + rng.normal(0, spread, rng.poisson(often))).astype(int))
        rows += [
            (customer, day, value * rng.lognormal(0, 0.4))
            for day in at
            if max(0, born) <= day < min(days, born + stays)
        ]
    return _columns(rows)


def once(customers: int = 9000, days: int = 730, seed: int = 2) -> Orders:
    """Customers of whom 12 % order again, a few times."""
    rng = np.random.default_rng(seed)
    rows = []
    for customer in range(customers):
        born, value = int(rng.integers(0, days)), rng.lognormal(3.5, 0.8)
        gaps = rng.exponential(90, rng.geometric(0.5)) if rng.random() < 0.12 else np.array([])
        for day in [born, *(born + np.ceil(np.cumsum(gaps))).astype(int)]:
            if day < days:
                rows.append((customer, day, value * rng.lognormal(0, 0.3)))
    return _columns(rows)


def without_money() -> Orders:
    """The yearly shop, smaller and with another seed, in which every order is worth 1."""
    customer, day, amount = yearly(1800, seed=3)
    return customer, day, np.ones_like(amount)


SHOPS: dict[str, Callable[[], Orders]] = {"yearly": yearly, "once": once, "without_money": without_money}


def _columns(rows: list[tuple[int, int, float]]) -> Orders:
    customer, day, amount = zip(*rows, strict=True)
    return np.array(customer), np.array(day), np.array(amount)


def table(orders: Orders) -> pd.DataFrame:
    """Orders as rows of the file."""
    customer, day, amount = orders
    ordered_at = pd.Timestamp(FIRST) + pd.to_timedelta(day, unit="D")
    rows = pd.DataFrame({"customer_id": customer, "ordered_at": ordered_at, "amount": amount.round(2)})
    return rows.sort_values(["ordered_at", "customer_id"])


def main() -> None:
    """Writes one shop's orders."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shops", description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("shop", choices=SHOPS)
    parser.add_argument("file", type=Path)
    arguments = parser.parse_args()
    orders = table(SHOPS[arguments.shop]())
    orders.to_parquet(arguments.file, index=False)
    print(f"{arguments.file}: {len(orders):,} orders of {orders.customer_id.nunique():,} customers")


if __name__ == "__main__":
    main()
