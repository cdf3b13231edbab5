"""A backtest of small shops, through PostgreSQL, dbt and Spark."""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import psycopg
import pytest
import simulated_features as sim

from clv.core.declared import CONTESTANTS, OURS
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.evaluation.backtest import run
from clv.reporting.backtest import report

ORIGIN, HORIZON = date(2023, 3, 1), 60


def write_orders(path: Path, customers: int, days: int = 500) -> pd.DataFrame:
    """A shop's orders as a Parquet file of four columns; customers are whole numbers."""
    made = sim.orders(customers, days)
    orders = pd.DataFrame(
        {
            "customer_id": pd.factorize(made.customer_key)[0] + 1,
            "order_id": np.arange(len(made)),
            "ordered_at": [sim.FIRST_DAY + timedelta(days=int(day)) for day in made.day],
            "amount": made.amount,
        }
    )
    orders.to_parquet(path, index=False)
    return orders


def databases(home: Settings) -> set[str]:
    with psycopg.connect(home.warehouse_url) as connection:
        return {name for (name,) in connection.execute("select datname from pg_database").fetchall()}


def test_every_customer_of_an_origin_is_forecast_and_compared(home: Settings, tmp_path: Path) -> None:
    orders, before = write_orders(tmp_path / "orders.parquet", 900), databases(home)
    asked = run.Request(tmp_path / "orders.parquet", None, HORIZON, [ORIGIN])
    page = run.run(asked, tmp_path / "out", home, lambda _: nullcontext(), report.write)
    assert databases(home) == before

    said = pd.read_parquet(tmp_path / "out" / "predictions.parquet").set_index("customer_id")
    known = orders[orders.ordered_at < ORIGIN]
    assert set(said.index) == set(known.customer_id)
    assert set(said.status) == {"scored"}
    then = orders[(orders.ordered_at >= ORIGIN) & (orders.ordered_at < ORIGIN + timedelta(days=HORIZON))]
    came = then.groupby("customer_id").amount.sum().reindex(said.index, fill_value=0)
    assert said.actual_amount.to_numpy() == pytest.approx(came.to_numpy())
    assert said.p_purchase.between(0, 1).all()
    assert (said.predicted_p10 <= said.predicted_p50).all()
    assert (said.predicted_p50 <= said.predicted_p90).all()
    assert {"trailing.predicted_mean", "pareto_nbd_gg.p_purchase", "random_forest.predicted_mean"} <= set(said.columns)

    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    ours = metrics["models"]["perennial"]["mean"]
    assert ours["mae_of_median"] == pytest.approx((said.predicted_p50 - said.actual_amount).abs().mean(), rel=1e-6)
    assert ours["auc"] > 0.6
    assert metrics["next_order"]["customers"] > 0
    assert metrics["sums"][ORIGIN.isoformat()]["actual"] == pytest.approx(said.actual_amount.sum())
    to_come = metrics["new_customers"][ORIGIN.isoformat()]
    first = orders.groupby("customer_id").ordered_at.min()
    new_customers = first[(first >= ORIGIN) & (first < ORIGIN + timedelta(days=HORIZON))].index
    assert to_come["actual_customers"] == len(new_customers)
    assert to_come["actual_revenue"] == pytest.approx(then[then.customer_id.isin(new_customers)].amount.sum())
    assert to_come["customers_low"] <= to_come["customers"] <= to_come["customers_high"]
    moved = metrics["explained"]
    assert (moved["trained_for"], moved["window_days"]) == (ORIGIN.isoformat(), HORIZON)
    assert moved["published"] in CONTESTANTS
    if moved["published"] == OURS:
        assert max(moved["importance"].values()) > 0
        assert {"mean", "chance", "at"} < set(moved["dependence"][0])
    text = page.read_text()
    assert "How far to trust this" in text
    assert "What drives the forecast" in text


def test_a_shop_that_is_too_small_is_told_so(home: Settings, tmp_path: Path) -> None:
    orders = write_orders(tmp_path / "orders.parquet", 60)
    asked = run.Request(tmp_path / "orders.parquet", None, HORIZON, [ORIGIN])
    page = run.run(asked, tmp_path / "out", home, lambda _: nullcontext(), report.write)
    said = pd.read_parquet(tmp_path / "out" / "predictions.parquet")
    assert set(said.customer_id) == set(orders[orders.ordered_at < ORIGIN].customer_id)
    assert set(said.status) == {"too_little_data"}
    assert said.predicted_mean.isna().all()
    assert "a forecast needs 500" in page.read_text()

    late = run.Request(tmp_path / "orders.parquet", None, HORIZON, [date(2023, 5, 1)])
    with pytest.raises(ClvError, match="are not over by the last order .* the latest date is 2023-03"):
        run.run(late, tmp_path / "late", home, lambda _: nullcontext(), report.write)
    assert not (tmp_path / "late").exists()
