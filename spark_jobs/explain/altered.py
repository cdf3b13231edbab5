"""Changes one feature of customers together with the features that depend on it, so that each customer remains
possible.

For example, a customer who orders twice as often has half the gaps and twice the spend. A customer whose last order was
earlier has been a customer for longer, and has no orders in the windows since. Changing one column alone would describe
impossible customers, whose predictions mean nothing. Pure functions: the columns of features.customer_features by name,
each of shape (n,); columns that do not depend on the changed one stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spark_jobs.features.columns import PRIOR_YEAR, SEASON, WINDOWS, YEAR, Array, Columns

RECENT = 90  # days of the window that counts as recent
INNER = [window for window in WINDOWS if window < RECENT]
GAPS = ("gap_mean", "gap_std", "gap_last")
VALUES = ("average_order_value", "order_value_mean")
LARGEST = ("order_value_std", "order_value_max", "last_order_value")
# Ages in days for which orders and revenue since then are known: the windows, and a year less the windows of last year.
EDGES = np.array(sorted({*WINDOWS, *(YEAR - days for days in PRIOR_YEAR if days < YEAR)}))


@dataclass(frozen=True)
class Alteration:
    """A column that can be changed. possible: returns the customers for whom it can be changed, as booleans of shape
    (n,). altered: returns the customers' columns with a new value of the column."""

    column: str
    possible: Callable[[Columns], Array]
    altered: Callable[[Columns, float], Columns]

    def given(self, columns: Columns, value: float) -> Columns:
        """Returns the customers' columns with the new value, and the trend that follows from them."""
        found = self.altered(columns, value)
        year = found[f"revenue_{YEAR}"] * 90 / YEAR
        return {**found, "trend": np.divide(found["revenue_90"], year, np.full_like(year, np.nan), where=year > 0)}


def more_often(columns: Columns, days_with_orders: float) -> Columns:
    """Changes the number of purchase days over the same time; added days are like the existing ones."""
    x = columns["days_with_orders"]
    times = days_with_orders / x
    counts = ["items_total", *(f"days_{near}season_{h}" for near in ("", "near_") for h in SEASON), *_sums("orders")]
    changed = {name: columns[name] * times for name in (*counts, *_sums("revenue"), "revenue_total")}
    changed |= {name: columns[name] * (x - 1) / (days_with_orders - 1) for name in GAPS}
    return {**columns, **changed, "days_with_orders": np.full_like(x, days_with_orders)}


def higher_value(columns: Columns, order_value_mean: float) -> Columns:
    """Changes the value of every order, to the given mean."""
    times = order_value_mean / columns["order_value_mean"]
    return {**columns, **{n: columns[n] * times for n in (*_sums("revenue"), "revenue_total", *VALUES, *LARGEST)}}


def shifted_in_time(columns: Columns, days_since_last_order: float) -> Columns:
    """Moves all orders by the same number of days, so that the last one lies as far back as given. Sums over windows
    that end between days with known sums are interpolated linearly."""
    n, last, t = len(columns["t"]), columns["days_since_last_order"], columns["t"]
    since = np.column_stack([np.zeros(n), *(np.clip(edge, last, t) - last for edge in EDGES), t - last])
    width = np.diff(since, axis=1)
    changed = {"days_since_last_order": np.full(n, days_since_last_order), "t": t - last + days_since_last_order}
    first = {"orders": np.ones(n), "revenue": np.nan_to_num(columns["last_order_value"])}
    total = {
        "orders": np.maximum(columns["days_with_orders"], columns["orders_365"]),
        "revenue": columns["revenue_total"],
    }
    for what in ("orders", "revenue"):
        year = columns[f"{what}_{YEAR}"]
        known = [columns[f"{what}_{w}"] for w in EDGES[:4]]
        known += [year - columns[f"{what}_prior_year_180"], year - columns[f"{what}_prior_year_90"], year]
        known = [np.where(edge < last, first[what], array) for edge, array in zip(EDGES, known, strict=True)]
        steps = np.diff(np.column_stack([first[what], *known, total[what]]), axis=1)

        def within(days: int, first: Array = first[what], steps: Array = steps) -> Array:
            if days < days_since_last_order:
                return np.zeros(n)
            gone = days - days_since_last_order - since[:, :-1]
            share = np.where(width > 0, np.clip(gone / np.maximum(width, 1e-9), 0, 1), gone >= 0)
            return first + (share * steps).sum(axis=1)

        changed |= {f"{what}_{w}": within(w) for w in WINDOWS}
        changed |= {f"{what}_prior_year_{h}": within(YEAR) - within(YEAR - h) for h in PRIOR_YEAR}
    return {**columns, **changed}


def recent_orders(columns: Columns, orders: float) -> Columns:
    """Changes the number of orders in the RECENT days; each keeps the mean value that orders had there."""
    times = orders / columns[f"orders_{RECENT}"]
    inner = {f"{what}_{w}": columns[f"{what}_{w}"] * times for what in ("orders", "revenue") for w in INNER}
    money = columns[f"revenue_{RECENT}"] * (times - 1)
    return {**_added(columns, orders - columns[f"orders_{RECENT}"], money, RECENT), **inner}


def recent_spend(columns: Columns, revenue: float) -> Columns:
    """Changes the revenue in the RECENT days, with the same number of orders."""
    before = columns[f"revenue_{RECENT}"]
    changed = {f"revenue_{w}": columns[f"revenue_{w}"] * revenue / before for w in INNER}
    changed["last_order_value"] = columns["last_order_value"] * revenue / before
    changed["order_value_max"] = np.maximum(columns["order_value_max"], changed["last_order_value"])
    return {**_added(columns, np.zeros_like(before), revenue - before, RECENT), **changed}


def last_year(columns: Columns, orders: float) -> Columns:
    """Changes the number of orders in the 90 days that began a year before the date; added orders have the customer's
    mean value."""
    more = orders - columns["orders_prior_year_90"]
    money = np.where(
        orders > 0, more * np.nan_to_num(columns["order_value_mean"]), -columns["revenue_prior_year_90"]
    )  # fmt: skip
    changed = {f"orders_prior_year_{h}": columns[f"orders_prior_year_{h}"] + more for h in PRIOR_YEAR}
    changed |= {f"revenue_prior_year_{h}": columns[f"revenue_prior_year_{h}"] + money for h in PRIOR_YEAR}
    seasons = [f"days_{near}season_{h}" for near in ("", "near_") for h in SEASON]
    changed |= {name: np.maximum(columns[name] + more, 0) for name in seasons}
    return {**_added(columns, more, money, YEAR), **changed}


def alone(column: str) -> Callable[[Columns, float], Columns]:
    """Returns a function that changes this column alone."""
    return lambda columns, value: {**columns, column: np.full_like(columns[column], value)}


def _added(columns: Columns, orders: Array, money: Array, by: int) -> Columns:
    """Adds orders and revenue (or removes them, if negative) in the last `by` days, and in all windows that include
    these days."""
    x = columns["days_with_orders"]
    more = np.maximum(x + orders, np.minimum(x, 2))
    changed = {f"orders_{w}": columns[f"orders_{w}"] + orders for w in WINDOWS if w >= by}
    changed |= {f"revenue_{w}": columns[f"revenue_{w}"] + money for w in (*WINDOWS, "total") if w == "total" or w >= by}
    changed |= {name: columns[name] * (x - 1) / np.maximum(more - 1, 1) for name in ("gap_mean", "gap_std")}
    changed |= {name: np.maximum(columns[name] * x + money, 0.01) / more for name in VALUES}
    return {**columns, **changed, "days_with_orders": more, "items_total": columns["items_total"] * more / x}


def _sums(what: str) -> list[str]:
    return [*(f"{what}_{w}" for w in WINDOWS), *(f"{what}_prior_year_{h}" for h in PRIOR_YEAR)]
