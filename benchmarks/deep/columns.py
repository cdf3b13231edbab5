"""What forecasters read of customers at a date, from purchase days: features that orders give, without the warehouse.

Features that orders do not give (refunds, discounts, seasons) are missing.
"""

from __future__ import annotations

import numpy as np

from benchmarks.deep.shops import Days
from spark_jobs.features import purchases
from spark_jobs.features.columns import FEATURE_COLUMNS, PRIOR_YEAR, WINDOWS, YEAR, Array, Columns


def at(days: Days, date: int) -> tuple[Columns, Array]:
    """Returns the features and the sequence of each customer with a purchase day before a date (days since 1970-01-01),
    and these customers' numbers."""
    before = days.day < date
    customer, day, money, items = (each[before] for each in days)
    first = np.flatnonzero(np.diff(customer, prepend=-1))
    last, count = np.append(first[1:], len(day)) - 1, np.diff(np.append(first, len(day)))
    gap = np.where(np.isin(np.arange(len(day)), first), np.nan, np.diff(day, prepend=0))
    age = date - day
    total, gaps = np.add.reduceat(money, first), np.maximum(count - 1, 1)
    mean, gap_mean = total / count, np.where(count > 1, (day[last] - day[first]) / gaps, np.nan)

    def spread(values: Array, around: Array, number: Array) -> Array:
        squares = np.add.reduceat(np.nan_to_num((values - np.repeat(around, count)) ** 2), first)
        return np.where(number > 1, np.sqrt(squares / np.maximum(number - 1, 1)), np.nan)

    found = {
        "days_with_orders": count, "recency": day[last] - day[first], "t": date - day[first],
        "days_since_last_order": date - day[last], "revenue_total": total, "order_value_mean": mean,
        "average_order_value": mean, "order_value_std": spread(money, mean, count),
        "order_value_max": np.maximum.reduceat(money, first), "last_order_value": money[last], "gap_mean": gap_mean,
        "gap_std": spread(gap, gap_mean, count - 1), "gap_last": gap[last],
        "items_total": np.add.reduceat(np.nan_to_num(items), first),
    }  # fmt: skip
    inside = {f"{w}": age <= w for w in WINDOWS} | {
        f"prior_year_{h}": (age <= YEAR) & (age > YEAR - h) for h in PRIOR_YEAR
    }
    for name, rows in inside.items():
        found |= {f"orders_{name}": np.add.reduceat(rows * 1.0, first)}
        found |= {f"revenue_{name}": np.add.reduceat(rows * money, first)}
    missing = dict.fromkeys(FEATURE_COLUMNS, np.full(len(first), np.nan))
    columns = missing | {name: each.astype(float) for name, each in found.items()}
    columns[purchases.COLUMN] = sequences(np.nan_to_num(gap), money, items, count)
    return columns, customer[first]


def sequences(gap: Array, money: Array, items: Array, count: Array) -> Array:
    """Returns the column `purchases.COLUMN`. count: each customer's number of days, which stand in order."""
    found = np.full((len(count), len(purchases.PER_DAY), purchases.LATEST), np.nan)
    customer = np.repeat(np.arange(len(count)), count)
    from_end = np.repeat(np.cumsum(count), count) - np.arange(len(gap))  # 1 for a customer's last day
    kept = from_end <= purchases.LATEST
    for place, values in enumerate((gap, money, items)):
        found[customer[kept], place, purchases.LATEST - from_end[kept]] = values[kept]
    return found.reshape(len(count), -1)


def outcome(days: Days, date: int, window: int, customers: Array) -> tuple[Array, Array]:
    """Returns the purchase days and the money of each customer in the window that starts at a date."""
    inside = (days.day >= date) & (days.day < date + window)
    size = int(days.customer.max()) + 1
    bought = np.bincount(days.customer[inside], minlength=size)[customers]
    return bought.astype(float), np.bincount(days.customer[inside], days.money[inside], size)[customers]
