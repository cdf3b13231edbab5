"""The arena forecasts a case as the backtest does, from what it keeps in files."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
import simulated_features as sim

from benchmarks.arena import cache, forecasting
from benchmarks.arena import memory as memories
from benchmarks.arena.cases import Case, Shop
from clv.core.settings import Settings
from clv.evaluation.backtest import run
from clv.reporting.backtest import report
from spark_jobs import baselines
from spark_jobs.io import session
from spark_jobs.models import boosting

ORIGIN, HORIZON = date(2023, 3, 1), 60


def test_a_case_is_forecast_as_in_a_backtest_and_its_learners_are_fitted_once(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One of each kind: learned on Spark, with probabilities, and a rule.
    monkeypatch.setattr(baselines, "names", lambda *_: ["linear", "pareto_nbd_gg", "trailing"])
    file = tmp_path / "orders.parquet"
    sim.write_file(file, 900)
    run.run(run.Request(file, None, HORIZON, [ORIGIN]), tmp_path / "out", home, lambda _: nullcontext(), report.write)
    backtest = pd.read_parquet(tmp_path / "out" / "predictions.parquet")

    case = Case("small", HORIZON, ORIGIN)
    shop = Shop({HORIZON: [ORIGIN.isoformat()]}, lambda *_: (file, None))
    cache.build(shop, [case], tmp_path, tmp_path, home, lambda _: nullcontext())
    folder = tmp_path / case.folder
    given = cache.read(folder / cache.FILE)
    with session.on_demand("arena", home, session.LEARNING), memories.of(folder) as memory:
        found = forecasting.frame(given, memory)
    same = found.astype({"customer_id": "int64"}).set_index("customer_id").loc[backtest.customer_id].reset_index()
    assert set(same.columns) == set(backtest.columns)
    pd.testing.assert_frame_equal(same[backtest.columns], backtest, check_dtype=False, rtol=1e-6)

    def refuse(*_: object) -> None:
        raise AssertionError("a learner was fitted again")

    monkeypatch.setattr(boosting, "fit", refuse)
    with memories.of(folder) as memory:
        pd.testing.assert_frame_equal(forecasting.frame(given, memory), found)
