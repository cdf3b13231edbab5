"""Intervals of summed forecasts, on random sums and spreads: the model's SQL as dbt compiles it, on temporary
tables."""

from __future__ import annotations

import jinja2
import numpy as np
import psycopg

from clv.core import settings
from clv.warehouse import db

PROJECT = settings.PROJECT / "dbt_project"
HORIZONS = (90, 180, 365)
ENDS = ("predicted_revenue", "predicted_profit", "predicted_clv")
TABLES = """
    create temporary table forecast_values (
        as_of_date date, run_id text, customer_key int, horizon_days int, status text, predicted_revenue float,
        predicted_profit float, predicted_clv float, own_spread float, total_spread float, group_spread float
    );
    create temporary table customer_clv (
        as_of_date date, run_id text, customer_key int, currency text, segment text, value_tier text
    );
    create temporary table customer_orders (
        as_of_date date, run_id text, customer_key int, first_on date, revenue_of_horizons numeric[]
    );
    create temporary table new_customers (
        as_of_date date, run_id text, horizon_days int, customers float, customers_low float, customers_high float,
        revenue float, revenue_low float, revenue_high float
    );
    insert into customer_orders values ('2024-06-01', 'r', 0, '2024-05-01', '{null, null, 10}');
"""


def compiled() -> str:
    """The model's SQL on the temporary tables."""
    macros = (PROJECT / "macros" / "value.sql").read_text()
    model = (PROJECT / "models" / "analytics" / "forecast_totals.sql").read_text()
    template = jinja2.Environment(autoescape=False).from_string(macros + model)  # noqa: S701 - it makes SQL
    return template.render(
        ref=lambda name: f"pg_temp.{name}",
        source=lambda _, name: f"pg_temp.{name}",
        forecast_values=lambda: "pg_temp.forecast_values",
        given={"as_of_date": "2024-06-01", "run_id": "r"}.get,
        var={"horizons": HORIZONS}.get,
    )


def shop(connection: psycopg.Connection, rng: np.random.Generator, margin: float) -> None:
    """Six customers in three segments and two tiers. Predicted revenue rises with the horizon; spreads are random."""
    connection.execute("truncate pg_temp.forecast_values, pg_temp.customer_clv")
    total, group = rng.exponential(0.5, (2, 3))
    for key in range(6):
        row = ("2024-06-01", "r", key, "EUR", f"segment {key % 3}", f"tier {key % 2}")
        connection.execute("insert into pg_temp.customer_clv values (%s, %s, %s, %s, %s, %s)", row)
        revenue = rng.exponential(100, 3).cumsum() * 10 ** rng.uniform(-3, 3)
        for place, horizon in enumerate(HORIZONS):
            money = (revenue[place], revenue[place] * margin, revenue[place] * margin * 0.9)
            spreads = (revenue[place] * rng.exponential(2), total[place], group[place])
            numbers = ", ".join(str(float(number)) for number in (*money, *spreads))
            connection.execute(
                f"insert into pg_temp.forecast_values values ('2024-06-01', 'r', {key}, {horizon}, 'scored', {numbers})"  # type: ignore[arg-type]
            )


def test_no_longer_horizon_has_a_lower_end_or_a_narrower_interval(module_home: settings.Settings) -> None:
    columns = [f"{name}{end}" for name in ENDS for end in ("", "_low", "_high")]
    query = f"""
        select grouped_by, group_name, {", ".join(columns)} from ({compiled()}) as sums
        order by grouped_by, group_name, horizon_days
    """
    rng = np.random.default_rng(1)
    with db.connect(module_home.warehouse_url) as connection:
        connection.execute(TABLES)
        for trial in range(30):
            margin = -0.4 if trial % 5 == 0 else 0.6  # a shop may sell at a loss; then its bounds fall with the horizon
            shop(connection, rng, margin)
            rows = connection.execute(query).fetchall()  # type: ignore[arg-type]
            assert len(rows) == 3 * (1 + 3 + 2)
            for start in range(0, len(rows), 3):
                for name, place in zip(ENDS, (2, 5, 8), strict=True):
                    found = np.array([row[place : place + 3] for row in rows[start : start + 3]], dtype=float)
                    if name != "predicted_revenue" and margin < 0:
                        found = -found[:, [0, 2, 1]]
                    middle, low, high = found.T
                    assert (low <= middle).all()
                    for rising in (low, high, high - low):
                        assert (np.diff(rising) >= -0.005).all(), (trial, rows[start][:2], name)
