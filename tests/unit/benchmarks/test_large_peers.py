"""A peer on a small shop, from its files to its accuracy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from benchmarks.large import measuring, peers
from sample_shop import large


def test_every_peer_names_what_it_needs():
    assert peers.names() == ["duckdb_xgboost", "pandas_lifetimes", "pymc_marketing", "spark_notebook"]
    for name in peers.names():
        assert (peers.PEERS / name / "requirements.txt").read_text().strip()


def test_duckdb_and_xgboost_forecast_every_customer_of_the_history(tmp_path: Path):
    request = large.Request(1500, date(2024, 6, 1), new_share=0, formats=("csv",))
    counts = large.make(tmp_path, request)
    command = [sys.executable, peers.PEERS / "duckdb_xgboost" / "run.py", tmp_path, request.until, tmp_path]
    subprocess.run(list(map(str, command)), check=True, env={**os.environ, "PYTHONPATH": str(peers.PEERS)})
    predicted = pd.read_csv(tmp_path / "clv.csv")
    assert abs(len(predicted) - counts["customers"]) <= 5  # those whose only order arrives late are missing
    assert predicted.customer_id.is_unique
    found = peers.accuracy(predicted, tmp_path)
    assert found["normalized_gini"] > 0.8
    assert abs(found["signed_bias"]) < 0.3
    assert list(json.loads((tmp_path / "seconds.json").read_text())) == [
        "read and clean", "features", "train", "score", "write",
    ]  # fmt: skip


@pytest.mark.parametrize("fails", [False, True])
def test_the_seconds_of_a_peer_are_those_of_its_stages_unless_it_fails(fails: bool, tmp_path: Path, monkeypatch):
    out = tmp_path / "pandas_lifetimes"

    def program(command: list, log: Path, *_: object, **__: object) -> measuring.Measured:
        log.write_text("MemoryError\n")
        (out / "clv.csv").write_text("customer_id,predicted_revenue\na,10\n")
        (out / "seconds.json").write_text(json.dumps({"train": 2.0, "score": 1.5}))
        return measuring.Measured(9.0, 10, int(fails))

    truth = pd.DataFrame({"customer_id": ["a", "b"], "expected_revenue_365": [10.0, 0.0]})
    truth.to_parquet(tmp_path / "truth.parquet")
    monkeypatch.setattr(peers, "environment", lambda *_: Path(sys.executable))
    monkeypatch.setattr(measuring, "program", program)
    home = SimpleNamespace(home=tmp_path, database_url=lambda name: f"postgresql://there/{name}")
    found = peers.run("pandas_lifetimes", tmp_path, date(2024, 6, 1), tmp_path, home)  # type: ignore[arg-type]
    if fails:
        assert found == {"peer": "pandas_lifetimes", "seconds": 9.0, "peak": 10, "error": "MemoryError"}
    else:
        assert found["seconds"] == 3.5
        assert found["accuracy"]["rmse"] == 0
