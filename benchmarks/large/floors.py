"""The least that parts of the work cost, with the same rows on the same machine.

`python -m benchmarks.large.floors OUT SHOP UNTIL` writes a list of {"floor", "rows", "seconds"} to OUT. It uses a
database of its own on the server of CLV_HOME, and drops it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import adbc_driver_postgresql.dbapi as adbc
import duckdb
import numpy as np
import pyarrow.dataset
import xgboost

from clv.core import settings
from clv.core.settings import Settings
from clv.warehouse import db

DATABASE = "floors"
TREES, COLUMNS = 50, 2
ROWS_PER_CUSTOMER = 2  # in the learner's matrix: 2 million rows at a million customers

ORDERS = """
create unlogged table orders as
select order_id, customer_id, min(ordered_at)::date as day, sum(amount) as amount
from lines where customer_id is not null group by order_id, customer_id
"""
CUSTOMER_DAYS = """
create unlogged table customer_days as
select customer_id, day, count(*) as orders, sum(amount) as amount from orders group by customer_id, day
"""
AGGREGATES = """
create unlogged table features as
select customer_id, min(day) as first, max(day) as last, count(*) as days, sum(orders) as orders, sum(amount) as amount,
    max(amount) as highest, sum(amount) filter (where day >= date '{as_of}' - 90) as amount_90,
    count(*) filter (where day >= date '{as_of}' - 365) as days_365
from customer_days group by customer_id
"""
# Recency, frequency and revenue; sums and counts of windows; gaps between days with orders.
FEATURE_SET = """
create table features as
with lines as (
    select customer_id, order_id, ordered_at::date as day, amount, quantity, category, channel
    from read_parquet('{files}') where customer_id is not null and status <> 'test' and ordered_at < '{as_of}'
),
days as (
    select customer_id, day, count(distinct order_id) as orders, sum(amount) as amount, sum(quantity) as pieces,
        count(distinct category) as categories, count(distinct channel) as channels
    from lines group by customer_id, day
),
gaps as (
    select *, day - lag(day) over (partition by customer_id order by day) as gap from days
)
select customer_id, date '{as_of}' - max(day) as recency, date '{as_of}' - min(day) as age, count(*) as days,
    sum(orders) as orders, sum(amount) as amount, avg(amount) as mean_amount, stddev_samp(amount) as spread,
    sum(pieces) as pieces, max(categories) as categories, max(channels) as channels,
    avg(gap) as mean_gap, stddev_samp(gap) as spread_of_gaps, max(gap) as longest_gap, {windows}
from gaps group by customer_id
"""
WINDOWS = (30, 60, 90, 180, 365, 730)


def windows(as_of: date) -> str:
    """The SQL of sums and counts over each window."""
    return ", ".join(
        f"sum({what}) filter (day >= date '{as_of}' - {days}) as {what}_{days}"
        for days in WINDOWS
        for what in ("orders", "amount")
    )


def measure(shop: Path, home: Settings, as_of: date) -> list[dict]:
    """Measures every floor. shop: a folder that sample_shop.large wrote, with its Parquet files."""
    administer(home, f"drop database if exists {DATABASE} with (force)", f"create database {DATABASE}")
    url = home.database_url(DATABASE)
    files = shop / "parquet" / "*.parquet"
    query = FEATURE_SET.format(files=files, as_of=as_of, windows=windows(as_of))
    floors: dict[str, Callable[[], int]] = {
        "COPY of the lines into PostgreSQL": lambda: copy(shop, url),
        "orders of the lines in PostgreSQL": lambda: execute(ORDERS, url),
        "customer-days of the orders in PostgreSQL": lambda: execute(CUSTOMER_DAYS, url),
        "8 aggregates of the customer-days in PostgreSQL": lambda: execute(AGGREGATES.format(as_of=as_of), url),
        "feature set of the lines in DuckDB": lambda: in_duckdb(query),
    }
    found = []
    try:
        for name, floor in floors.items():
            started = time.perf_counter()
            count = floor()
            found.append({"floor": name, "rows": count, "seconds": time.perf_counter() - started})
        found.append(learner(ROWS_PER_CUSTOMER * found[-1]["rows"]))
    finally:
        administer(home, f"drop database if exists {DATABASE} with (force)")
    return found


def administer(home: Settings, *statements: str) -> None:
    """Runs statements on the server of a home, outside of transactions."""
    with db.connect(home.database_url("postgres"), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)  # type: ignore[arg-type]


def copy(shop: Path, url: str) -> int:
    """Copies all lines, with all columns, into a table without keys; returns their number."""
    reader = pyarrow.dataset.dataset(shop / "parquet", format="parquet").scanner().to_reader()
    with adbc.connect(url) as connection, connection.cursor() as cursor:
        loaded = cursor.adbc_ingest("lines", reader, mode="create")
        connection.commit()
    return loaded


def execute(query: str, url: str) -> int:
    """Runs a query and returns the rows it made."""
    with db.connect(url) as connection:
        return connection.execute(query).rowcount  # type: ignore[arg-type]


def in_duckdb(query: str) -> int:
    """Makes the features in memory; returns the number of customers."""
    with duckdb.connect() as connection:
        return connection.execute(query).fetchall()[0][0]


def learner(rows: int) -> dict:
    """Trains native XGBoost on a random matrix."""
    rng = np.random.default_rng(1)
    matrix = rng.random((rows, COLUMNS), np.float32)
    outcome = matrix[:, 0] + rng.random(rows, np.float32)
    started = time.perf_counter()
    xgboost.train({"tree_method": "hist"}, xgboost.QuantileDMatrix(matrix, outcome), TREES)
    name = f"native XGBoost of {TREES} trees on {COLUMNS} columns"
    return {"floor": name, "rows": rows, "seconds": time.perf_counter() - started}


def main() -> None:
    """Measures the floors of the command line."""
    out, shop, as_of = sys.argv[1:4]
    Path(out).write_text(json.dumps(measure(Path(shop), settings.load(), date.fromisoformat(as_of))))


if __name__ == "__main__":
    main()
