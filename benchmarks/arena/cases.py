"""The cases of the arena: a shop, a horizon in days, and a past date (origin) from which it is forecast."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np

from benchmarks import next_order, shops
from clv.core.errors import ClvError
from clv.core.sql_text import path_literal
from sample_shop.shop import make

EXCHANGEABLE = "exchangeable"
# Mean orders a day of each exchangeable customer: six in ten order within 180 days.
RATE = 0.005
DEMO_UNTIL = date(2024, 6, 1)
Orders = tuple[Path, str | None]  # a file or folder of orders, and its mapping (None for a plain file)


class Case(NamedTuple):
    """One forecast to judge. horizon: days."""

    shop: str
    horizon: int
    origin: date

    @property
    def folder(self) -> str:
        """The name of the case's folder in a cache."""
        return f"{self.shop.lower().replace(' ', '_')}-{self.horizon}-{self.origin}"


@dataclass(frozen=True)
class Shop:
    """A shop of the arena. origins: dates by horizon (days). orders: `orders(data, folder)` returns the shop's orders;
    it may read the files in `data` and write some into `folder`."""

    origins: dict[int, list[str]]
    orders: Callable[[Path, Path], Orders]


def known() -> dict[str, Shop]:
    """The shops by name, the quickest ones first."""
    simulated = {name: (make_orders, days) for name, (make_orders, days) in _simulated().items()}
    return {
        "CDNOW": Shop(dict.fromkeys((90, 180), ["1997-09-30", "1997-12-31"]), partial(_given, "CDNOW")),
        **{name: Shop(origins, partial(_made, make_orders)) for name, (make_orders, origins) in simulated.items()},
        "retail_transactions": Shop(
            dict.fromkeys((90, 180), ["2013-06-01", "2014-03-01", "2014-09-01"]),
            partial(_given, "retail_transactions"),
        ),
        "Online Retail II": Shop(
            {
                90: ["2010-12-10", "2011-03-10", "2011-06-10", "2011-09-10"],
                180: ["2010-12-10", "2011-03-10", "2011-06-10"],
            },
            partial(_given, "Online Retail II"),
        ),
        "purchases_11y": Shop(
            dict.fromkeys((90, 365), ["2013-01-01", "2014-01-01", "2015-01-01"]), partial(_given, "purchases_11y")
        ),
        "Complete Journey": Shop({90: ["2017-08-01", "2017-10-01"]}, _complete_journey),
        "demo": Shop({90: ["2023-12-01", "2024-03-01"]}, _demo),
    }


def cases(names: Iterable[str] = ()) -> list[Case]:
    """The cases of the named shops, by default of all, short horizons first. Raises ClvError for an unknown name."""
    shops_known = known()
    if unknown := [name for name in names if name not in shops_known]:
        raise ClvError(f"there is no shop {unknown[0]}; choose from {', '.join(shops_known)}")
    found = [
        Case(name, horizon, date.fromisoformat(day))
        for name in names or shops_known
        for horizon, days in shops_known[name].origins.items()
        for day in days
    ]
    return sorted(found, key=lambda case: case.horizon > min(shops_known[case.shop].origins))


def exchangeable(customers: int = 1500, days: int = 3 * 365, seed: int = 4) -> shops.Orders:
    """Customers who cannot be distinguished: all order at RATE, for amounts of one distribution, and none leaves.

    Six in ten were customers on the first day; the others arrive evenly over the years, with an order.
    """
    rng = np.random.default_rng(seed)
    arrives = np.where(rng.random(customers) < 0.6, 0, rng.integers(0, days, customers))
    later = rng.poisson(RATE * (days - arrives))
    customer = np.repeat(np.arange(customers), later)
    day = arrives[customer] + np.floor(rng.random(len(customer)) * (days - arrives[customer])).astype(int)
    joined = np.flatnonzero(arrives > 0)
    customer, day = np.concatenate([customer, joined]), np.concatenate([day, arrives[joined]])
    return customer, day, rng.gamma(2.0, 20.0, len(customer))


def _simulated() -> dict[str, tuple[Callable[[], shops.Orders], dict[int, list[str]]]]:
    origins = {
        "yearly": {90: ["2023-04-01", "2023-09-01"]},
        "once": {90: ["2022-06-01", "2022-09-01"]},
        "without_money": {90: ["2023-04-01", "2023-09-01"]},
    }
    found = {name: (make_orders, origins[name]) for name, make_orders in shops.SHOPS.items()}
    return {**found, EXCHANGEABLE: (exchangeable, {180: ["2023-01-01", "2023-06-01"]})}


def _given(name: str, data: Path, folder: Path) -> Orders:  # noqa: ARG001 - writes nothing
    file, mapping, _ = next_order.SHOPS[name]
    return _existing(data / file), mapping


def _existing(path: Path) -> Path:
    if not path.exists():
        raise ClvError(f"{path} does not exist; give the folder of the files with --data, or leave its shop out")
    return path


def _made(make_orders: Callable[[], shops.Orders], data: Path, folder: Path) -> Orders:  # noqa: ARG001 - reads nothing
    file = folder / "orders.parquet"
    shops.table(make_orders()).to_parquet(file, index=False)
    return file, None


def _complete_journey(data: Path, folder: Path) -> Orders:
    lines, file = _existing(data / "complete_journey" / "transactions.parquet"), folder / "orders.parquet"
    query = f"""
        copy (
            select
                household_id as customer_id, basket_id as order_id, min(transaction_timestamp) as ordered_at,
                round(sum(sales_value), 2) as amount
            from read_parquet({path_literal(lines)}) group by household_id, basket_id order by ordered_at, basket_id
        ) to {path_literal(file)} (format parquet)
    """  # noqa: S608 - quoted paths of files
    duckdb.execute(query)
    return file, None


def _demo(data: Path, folder: Path) -> Orders:  # noqa: ARG001 - reads nothing
    make(folder, until=DEMO_UNTIL)
    return folder / "orders", "sample_shop"
