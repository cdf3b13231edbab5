"""Customer-days as arrays, from which customers are counted at many dates. No key of a customer leaves the
warehouse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from clv.catalog import tables
from clv.core.settings import Settings
from clv.warehouse.roles import MODELLER
from spark_jobs.features.columns import Array, Columns
from spark_jobs.io import slices

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, eq=False)
class CustomerDays:
    """The days of all customers, in the order of customers and days.

    start: the place of each customer's first day, shape (customers,). day: days since 1970-01-01; money: revenue less
    refunds; is_purchase: whether it is a purchase day; all of shape (days,).
    """

    start: Array
    day: Array
    money: Array
    is_purchase: Array


def read(before: date, settings: Settings) -> CustomerDays:
    """Reads the customer-days before a date, once."""
    query = f"""
        select
            row_number() over (partition by customer_key order by day) = 1 as is_first, day - date '{EPOCH}' as day,
            net_revenue::double precision as money, is_purchase_day as is_purchase
        from {tables.INT_CUSTOMER_DAYS} where day < date '{before}' order by customer_key, day
    """  # noqa: S608 - our own names and dates
    with slices.cursor(settings.url_as(MODELLER)) as reader:
        reader.execute(query)
        found = reader.fetch_arrow_table()
    first, *columns = (found.column(name).to_numpy() for name in ("is_first", "day", "money", "is_purchase"))
    return CustomerDays(np.flatnonzero(first), *columns)


def histories(days: CustomerDays, before: date) -> tuple[Columns, Array]:
    """Returns days_with_orders, recency, t (days) and order_value_mean of each customer with a purchase day before a
    date, as in features.customer_features, and which of all customers these are, as booleans."""
    at = (before - EPOCH).days
    purchase = days.is_purchase & (days.day < at)
    counts = _sum(purchase, days)
    known = counts > 0
    first = np.minimum.reduceat(np.where(purchase, days.day, at), days.start)[known]
    last = np.maximum.reduceat(np.where(purchase, days.day, -1), days.start)[known]
    value = _sum(np.where(purchase, days.money, 0.0), days)[known] / counts[known]
    found = {"days_with_orders": counts[known], "recency": last - first, "t": at - first, "order_value_mean": value}
    return {name: column.astype(float) for name, column in found.items()}, known


def outcomes(days: CustomerDays, origin: date, window_days: int) -> tuple[Array, Array]:
    """Returns, for every customer, whether there was a purchase day in the window that starts at an origin, and the
    revenue less refunds in it, at least 0; shape (customers,)."""
    at = (origin - EPOCH).days
    inside = (days.day >= at) & (days.day < at + window_days)
    spent = _sum(np.where(inside, days.money, 0.0), days)
    return _sum(inside & days.is_purchase, days) > 0, np.maximum(spent, 0)


def _sum(values: Array, days: CustomerDays) -> Array:
    return np.add.reduceat(values, days.start, dtype=np.int64 if values.dtype == bool else None)
