"""Builders of a small shop's orders, and of the feature tables that the Spark jobs read, made in pandas."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from clv.catalog import tables
from clv.core.declared import HORIZONS
from clv.core.settings import Settings, windows
from clv.warehouse import db
from clv.warehouse.roles import TRANSFORMER
from spark_jobs.features.columns import FEATURE_COLUMNS, PRIOR_YEAR, SEASON, WINDOWS, YEAR

FIRST_DAY = date(2022, 1, 1)


def orders(customers: int, days: int, seed: int = 1) -> pd.DataFrame:
    """Returns orders (customer_key, day as a number from FIRST_DAY, amount) of a shop whose customers leave at
    random."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(customers):
        key = str(uuid.UUID(bytes=rng.bytes(16)))
        day, rate, leaves, mean = rng.uniform(0, days), rng.gamma(1.2, 0.02), rng.beta(1, 6), rng.gamma(4, 15)
        while day < days:
            rows.append((key, int(day), round(float(rng.gamma(5, mean / 5)) + 0.01, 2)))
            if rng.random() < leaves:
                break
            day += rng.exponential(1 / rate) + 1
    return pd.DataFrame(rows, columns=["customer_key", "day", "amount"])


def write_file(path: Path, customers: int, days: int = 500) -> pd.DataFrame:
    """A shop's orders as a Parquet file of four columns; customers are whole numbers."""
    made = orders(customers, days)
    rows = pd.DataFrame(
        {
            "customer_id": pd.factorize(made.customer_key)[0] + 1,
            "order_id": np.arange(len(made)),
            "ordered_at": [FIRST_DAY + timedelta(days=int(day)) for day in made.day],
            "amount": made.amount,
        }
    )
    rows.to_parquet(path, index=False)
    return rows


def features(made: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Returns the columns that the jobs read: one row per customer with an order before `as_of`."""
    at = (as_of - FIRST_DAY).days
    days = made[made.day < at].groupby(["customer_key", "day"], as_index=False).amount.sum()
    days["gap"] = days.groupby("customer_key").day.diff()
    groups = days.groupby("customer_key")
    first, last = groups.day.min(), groups.day.max()
    found = pd.DataFrame(
        {
            "days_with_orders": groups.size(), "recency": last - first, "t": at - first,
            "days_since_last_order": at - last, "revenue_total": groups.amount.sum(),
            "average_order_value": groups.amount.mean(), "order_value_mean": groups.amount.mean(),
            "order_value_std": groups.amount.std(), "order_value_max": groups.amount.max(),
            "last_order_value": groups.amount.last(), "gap_mean": groups.gap.mean(), "gap_std": groups.gap.std(),
            "gap_last": groups.gap.last(), "items_total": groups.size(), "refund_share": 0.0,
        }
    )  # fmt: skip

    own_gaps = (found.gap_mean * (found.days_with_orders - 1)).fillna(0)
    found["expected_gap_days"] = (own_gaps + found.gap_mean.median()) / found.days_with_orders

    def window(name: str, start: int, end: int) -> None:
        inside = days[(days.day >= start) & (days.day < end)].groupby("customer_key").amount
        found[f"orders_{name}"] = inside.size().reindex(found.index, fill_value=0)
        found[f"revenue_{name}"] = inside.sum().reindex(found.index, fill_value=0)

    for w in WINDOWS:
        window(str(w), at - w, at)
    for h in PRIOR_YEAR:
        window(f"prior_year_{h}", at - 365, at - 365 + h)
    into_year = (YEAR - (at - days.day) % YEAR) % YEAR  # days from the date's day of the year to the order's
    for w in SEASON:
        for name, inside in (
            (f"days_season_{w}", into_year < w),
            (f"days_near_season_{w}", (into_year + 30) % YEAR < w + 60),
        ):
            found[name] = days[inside].groupby("customer_key").size().reindex(found.index, fill_value=0)
    for name in FEATURE_COLUMNS:
        if name not in found:
            found[name] = np.nan
    return found.assign(as_of_date=as_of).reset_index().sort_values("customer_key")


def examples(made: pd.DataFrame, origins: Iterable[date], training_date: date) -> pd.DataFrame:
    """Returns the features at the origins with the outcomes of each horizon, missing where the horizon is not over."""
    parts = []
    for origin in origins:
        part, at = features(made, origin).set_index("customer_key"), (origin - FIRST_DAY).days
        for what in ("orders", "revenue"):
            part[f"{what}_next"] = [{} for _ in part.index]
        for horizon in windows(HORIZONS):
            after = made[(made.day >= at) & (made.day < at + horizon)].groupby("customer_key").amount
            closed = origin + timedelta(days=horizon) <= training_date
            for what, followed in (("orders", after.size()), ("revenue", after.sum())):
                outcomes = followed.reindex(part.index, fill_value=0)
                for known, outcome in zip(part[f"{what}_next"], outcomes, strict=True):
                    known[str(horizon)] = float(outcome) if closed else None
        parts.append(part.reset_index())
    return pd.concat(parts, ignore_index=True)


def write_orders(made: pd.DataFrame, settings: Settings) -> None:
    """Writes the orders as intermediate.int_customer_days, with the columns that choosing a model and training read."""
    days = made.groupby(["customer_key", "day"], as_index=False).agg(
        orders=("amount", "size"), amount=("amount", "sum")
    )
    with db.connect(settings.url_as(TRANSFORMER)) as connection:
        connection.execute(
            f"create table {tables.INT_CUSTOMER_DAYS} (customer_key uuid, day date, "
            "orders integer, net_revenue numeric, is_purchase_day boolean)"
        )
        with connection.cursor() as cursor, cursor.copy(f"copy {tables.INT_CUSTOMER_DAYS} from stdin") as copy:
            for row in days.itertuples():
                day = FIRST_DAY + timedelta(days=int(row.day))
                copy.write_row((row.customer_key, day, row.orders, round(row.amount, 2), row.amount > 0))


def write_features(
    found: pd.DataFrame, table: str, settings: Settings, run_id: str, training_date: date | None = None
) -> None:
    """Writes rows of `features` or `examples` as a slice of a feature table. The first call creates the table."""
    types = {"run_id": "text", "training_date": "date", "as_of_date": "date", "customer_key": "uuid"}
    types |= dict.fromkeys(FEATURE_COLUMNS, "double precision")
    if training_date:
        types |= {"orders_next": "jsonb", "revenue_next": "jsonb"}
        found = found.assign(
            orders_next=found.orders_next.map(json.dumps), revenue_next=found.revenue_next.map(json.dumps)
        )
    columns = ", ".join(f"{name} {type_}" for name, type_ in types.items())
    found = found.assign(run_id=run_id, training_date=training_date)
    found = found[list(types)].astype(object)
    with db.connect(settings.url_as(TRANSFORMER)) as connection:
        connection.execute(f"create table if not exists {table} ({columns})")
        with connection.cursor() as cursor, cursor.copy(f"copy {table} from stdin") as copy:
            for row in found.where(found.notna(), None).itertuples(index=False):
                copy.write_row(row)
