"""Reads the history of the shop as a whole before a date: revenue per day, and customers by their first order."""

from __future__ import annotations

from datetime import date

import numpy as np

from clv.catalog import tables
from clv.warehouse import db
from spark_jobs.ensemble.calibration import DAYS_NEW, Daily
from spark_jobs.ensemble.new_customers import NewCustomers, days_needed


def daily_revenue(before: date, url: str | None = None) -> Daily:
    """Returns the shop's revenue per day, from its first day to the day before a date."""
    query = f"""
        with first as (select customer_key, min(day) as first_day from {tables.INT_CUSTOMER_DAYS} group by 1)
        select
            day,
            sum(net_revenue)::double precision,
            coalesce(sum(net_revenue) filter (where day - first_day < {DAYS_NEW}), 0)::double precision
        from {tables.INT_CUSTOMER_DAYS} inner join first using (customer_key)
        where day < %s
        group by day order by day
    """  # noqa: S608 - our own names
    rows = db.rows(query, (before,), url)  # type: ignore[arg-type]
    first = rows[0][0] if rows else before
    money, new = np.zeros((2, max((before - first).days, 0)))
    for day, revenue, of_new in rows:
        money[(day - first).days], new[(day - first).days] = revenue, of_new
    return Daily(first, money, new)


def new_customers(before: date, longest: int, url: str | None = None) -> NewCustomers:
    """Returns the customers who placed their first order before a date, by day, and the revenue of each in the first
    `longest` days (the first day's only, if the customer is too old for an estimate over so many days)."""
    query = f"""
        with first as (
            select customer_key, min(day) as first_day from {tables.INT_CUSTOMER_DAYS}
            where orders > 0 and day < %(before)s group by 1
        )
        select first_day, day, sum(net_revenue)::double precision, count(*) filter (where day = first_day)
        from {tables.INT_CUSTOMER_DAYS} inner join first using (customer_key)
        where day < %(before)s and day >= first_day
            and (day = first_day or day < first_day + %(longest)s and first_day >= %(before)s::date - %(known)s)
        group by first_day, day order by first_day, day
    """  # noqa: S608 - our own names
    values = {"before": before, "longest": longest, "known": days_needed(longest)}
    rows = db.rows(query, values, url)  # type: ignore[arg-type]
    first = rows[0][0] if rows else before
    counts = np.zeros(max((before - first).days, 0))
    for day, paid, _, customers in rows:
        if paid == day:
            counts[(day - first).days] = customers
    arrived, paid = (np.array([(row[column] - first).days for row in rows], dtype=int) for column in (0, 1))
    return NewCustomers(first, counts, arrived, paid, np.array([row[2] for row in rows], dtype=float))
