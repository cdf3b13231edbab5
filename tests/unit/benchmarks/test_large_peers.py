"""A peer on a small shop, from its files to its accuracy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pandas as pd

from benchmarks.large import peers
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
