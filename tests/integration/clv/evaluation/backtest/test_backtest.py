"""A backtest of small shops, through PostgreSQL, dbt and Spark."""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import psycopg
import pytest
import simulated_features as sim

from clv.core.declared import CONTESTANTS, OURS
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.evaluation.backtest import run
from clv.reporting.backtest import report
from spark_jobs import baselines

ORIGIN, HORIZON = date(2023, 3, 1), 60


def databases(home: Settings) -> set[str]:
    with psycopg.connect(home.warehouse_url) as connection:
        return {name for (name,) in connection.execute("select datname from pg_database").fetchall()}


def test_every_customer_of_an_origin_is_forecast_and_compared(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A rule, a model of orders, and one that is learned on Spark. All of them: tests/integration/spark_jobs.
    names = ["trailing", "pareto_nbd_gg", "random_forest"]
    monkeypatch.setattr(baselines, "names", lambda *_: names)
    orders, before = sim.write_file(tmp_path / "orders.parquet", 900), databases(home)
    request = run.Request(tmp_path / "orders.parquet", None, HORIZON, [ORIGIN])
    page = run.run(request, tmp_path / "out", home, lambda _: nullcontext(), report.write)
    assert databases(home) == before

    predictions = pd.read_parquet(tmp_path / "out" / "predictions.parquet").set_index("customer_id")
    known = orders[orders.ordered_at < ORIGIN]
    assert set(predictions.index) == set(known.customer_id)
    assert set(predictions.status) == {"scored"}
    then = orders[(orders.ordered_at >= ORIGIN) & (orders.ordered_at < ORIGIN + timedelta(days=HORIZON))]
    actual = then.groupby("customer_id").amount.sum().reindex(predictions.index, fill_value=0)
    assert predictions.actual_amount.to_numpy() == pytest.approx(actual.to_numpy())
    assert predictions.p_purchase.between(0, 1).all()
    assert (predictions.predicted_p10 <= predictions.predicted_p50).all()
    assert (predictions.predicted_p50 <= predictions.predicted_p90).all()
    assert {f"{name}.predicted_mean" for name in names} | {"pareto_nbd_gg.p_purchase"} <= set(predictions.columns)

    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    ours = metrics["models"]["perennial"]["mean"]
    errors = (predictions.predicted_p50 - predictions.actual_amount).abs()
    assert ours["mae_of_median"] == pytest.approx(errors.mean(), rel=1e-6)
    assert ours["auc"] > 0.6
    assert metrics["next_order"]["customers"] > 0
    assert metrics["sums"][ORIGIN.isoformat()]["actual"] == pytest.approx(predictions.actual_amount.sum())
    to_come = metrics["new_customers"][ORIGIN.isoformat()]
    first_orders = orders.groupby("customer_id").ordered_at.min()
    new_customers = first_orders[(first_orders >= ORIGIN) & (first_orders < ORIGIN + timedelta(days=HORIZON))].index
    assert to_come["actual_customers"] == len(new_customers)
    assert to_come["actual_revenue"] == pytest.approx(then[then.customer_id.isin(new_customers)].amount.sum())
    assert to_come["customers_low"] <= to_come["customers"] <= to_come["customers_high"]
    drivers = metrics["explained"]
    assert (drivers["trained_for"], drivers["window_days"]) == (ORIGIN.isoformat(), HORIZON)
    assert drivers["published"] in CONTESTANTS
    if drivers["published"] == OURS:
        assert max(drivers["importance"].values()) > 0
        assert {"mean", "chance", "at"} < set(drivers["dependence"][0])
    text = page.read_text()
    assert "How far to trust this" in text
    assert "What drives the forecast" in text


def test_a_shop_that_is_too_small_gets_the_reason(home: Settings, tmp_path: Path) -> None:
    orders = sim.write_file(tmp_path / "orders.parquet", 60)
    request = run.Request(tmp_path / "orders.parquet", None, HORIZON, [ORIGIN])
    with pytest.raises(ClvError, match="a forecast needs 500.*minimum_customers in shop.json"):
        run.run(request, tmp_path / "out", home, lambda _: nullcontext(), report.write)
    page = tmp_path / "out" / "report.html"
    predictions = pd.read_parquet(tmp_path / "out" / "predictions.parquet")
    assert set(predictions.customer_id) == set(orders[orders.ordered_at < ORIGIN].customer_id)
    assert set(predictions.status) == {"too_little_data"}
    assert predictions.predicted_mean.isna().all()
    assert "a forecast needs 500" in page.read_text()

    late = run.Request(tmp_path / "orders.parquet", None, HORIZON, [date(2023, 5, 1)])
    with pytest.raises(ClvError, match="are not over by the last order .* the latest date is 2023-03"):
        run.run(late, tmp_path / "late", home, lambda _: nullcontext(), report.write)
    assert not (tmp_path / "late").exists()


def test_a_file_without_an_order_that_counts_gets_the_reasons(home: Settings, tmp_path: Path) -> None:
    rows = "1,a,someday,5\n2,b,someday,6\n,c,2023-01-01,7\n"
    (tmp_path / "orders.csv").write_text(f"customer_id,order_id,ordered_at,amount\n{rows}")
    request = run.Request(tmp_path / "orders.csv", None, HORIZON, [ORIGIN])
    with pytest.raises(ClvError) as raised:
        run.run(request, tmp_path / "out", home, lambda _: nullcontext(), report.write)
    says = str(raised.value)
    assert f"{tmp_path}/orders.csv holds no order that counts; 2 rejected: ordered_at" in says
    assert "(line 2); 1 rejected: " in says
    assert "clv rejects" not in says
