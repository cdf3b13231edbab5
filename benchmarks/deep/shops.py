"""The shops of the comparison, as purchase days: one made for it, and real ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

EPOCH = pd.Timestamp("1970-01-01")
UNIT, SPREAD = 12.0, 0.6  # median days of a customer's short gap, and standard deviation of its logarithm
PAUSE, NOISE = 6.0, 0.1  # a pause in short gaps, and the relative deviation of any gap
LEAVING = 0.04  # probability of leaving after a burst


class Days(NamedTuple):
    """Purchase days, sorted by customer and day, each of shape (days,): the customer, the day since 1970-01-01, and its
    money and items (NaN if they are not known)."""

    customer: np.ndarray
    day: np.ndarray
    money: np.ndarray
    items: np.ndarray


def bursts(customers: int = 4000, days: int = 1000, seed: int = 4) -> Days:
    """A shop whose customers buy three times in a row and then pause, each in units of their own.

    Whether a customer is in the middle of a burst or at its end is known from the order of the last gaps. Counts and
    sums of windows tell it less directly, because every customer's unit is another one.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for customer in range(customers):
        unit, value = UNIT * rng.lognormal(0, SPREAD), rng.lognormal(3.5, 0.5)
        at, place = rng.uniform(-200, days - 50), int(rng.integers(0, 3))
        while at < days:
            if at >= 0:
                rows.append((customer, int(at), value * rng.lognormal(0, 0.3)))
            if place == 2 and rng.random() < LEAVING:
                break
            at += max(1.0, unit * (PAUSE if place == 2 else 1.0) * rng.normal(1, NOISE))
            place = (place + 1) % 3
    customer, day, money = (np.array(each) for each in zip(*rows, strict=True))
    return netted(customer, day + (pd.Timestamp("2021-01-01") - EPOCH).days, money, np.full(len(day), np.nan))


def cdnow(data: Path) -> Days:
    """CDNOW: a cohort of customers who first bought in the same quarter."""
    names = ["customer", "day", "items", "money"]
    read = pd.read_csv(data / "cdnow.txt", sep=r"\s+", names=names, skiprows=1, header=None)
    return _of(read.customer, pd.to_datetime(read.day.astype(str)), read.money, read["items"])


def online_retail(data: Path) -> Days:
    """Online Retail II: a wholesaler of gifts, less the lines that stand in both sheets."""
    read = pd.read_parquet(data / "online_retail_ii.parquet").dropna(subset=["Customer ID"])
    both = (read.source_sheet == read.source_sheet.min()) & (read.InvoiceDate >= "2010-12-01")
    read = read[~both]
    return _of(read["Customer ID"], read.InvoiceDate, read.Quantity * read.Price, read.Quantity)


def plain(file: str) -> Callable[[Path], Days]:
    """Returns the reader of a file with customer_id, ordered_at and amount."""

    def read(data: Path) -> Days:
        found = pd.read_csv(data / file)
        return _of(found.customer_id, pd.to_datetime(found.ordered_at), found.amount, pd.Series(np.nan, found.index))

    return read


def _of(customer: pd.Series, at: pd.Series, money: pd.Series, items: pd.Series) -> Days:
    day = (at.dt.normalize() - EPOCH).dt.days.to_numpy()
    return netted(pd.factorize(customer, sort=True)[0], day, money.to_numpy(float), items.to_numpy(float))


def netted(customer: np.ndarray, day: np.ndarray, money: np.ndarray, items: np.ndarray) -> Days:
    """Returns the purchase days of lines: the days of a customer whose money is above 0."""
    lines = pd.DataFrame({"customer": customer, "day": day, "money": money, "items": items})
    days = lines.groupby(["customer", "day"]).sum(min_count=1).reset_index()
    days = days[days.money > 0]
    return Days(*(days[name].to_numpy() for name in Days._fields))


# Each shop's reader, horizon in days, and origins that are forecast.
SHOPS: dict[str, tuple[Callable[[Path], Days], int, list[str]]] = {
    "bursts of three": (lambda _: bursts(), 30, ["2023-06-01", "2023-08-01"]),
    "CDNOW": (cdnow, 90, ["1997-12-31"]),
    "Online Retail II": (online_retail, 90, ["2011-09-10"]),
    "retail_transactions": (plain("retail_transactions.csv"), 90, ["2014-03-01"]),
    "purchases_11y": (plain("purchases_11y.csv"), 90, ["2014-01-01"]),
}
