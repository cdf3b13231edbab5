"""Runs what others would use on the same files, each in an environment of its own.

A peer is a folder of benchmarks/peers with `requirements.txt` (pinned, with hashes) and `run.py`. It is called as
`python run.py SHOP UNTIL OUT`: it reads SHOP/csv, writes OUT/clv.csv (customer_id, predicted_revenue: within a year of
UNTIL) and OUT/seconds.json (its stages, each with its seconds). For peers that read a warehouse, PEER_URL names a
database whose table `lines` holds the shop's lines.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.large import floors, measuring
from clv.core.places import PROJECT
from clv.core.settings import Settings
from spark_jobs.judging import metrics

PEERS = PROJECT / "benchmarks" / "peers"
HORIZON = 365
LIMIT = 3 * 3600  # seconds that a peer may take
DATABASE = "peer"
NEEDS_WAREHOUSE = {"spark_notebook"}


def names() -> list[str]:
    """The peers that there are."""
    return sorted(path.parent.name for path in PEERS.glob("*/run.py"))


def run_all(wanted: list[str], shop: Path, until: date, folder: Path, home: Settings) -> Iterator[dict]:
    """Runs peers one after the other; yields what each cost. home: whose server holds their database meanwhile.

    The copying of the lines into the database is a stage of the peers that need it.
    """
    if not wanted:
        return
    copied = 0.0
    floors.administer(home, f"drop database if exists {DATABASE} with (force)", f"create database {DATABASE}")
    if NEEDS_WAREHOUSE & set(wanted):
        started = time.perf_counter()
        floors.copy(shop, home.database_url(DATABASE))
        copied = time.perf_counter() - started
    try:
        for name in wanted:
            found = run(name, shop, until, folder, home)
            if name in NEEDS_WAREHOUSE and "stages" in found:
                found["stages"] = {"load by COPY": copied, **found["stages"]}
                found["seconds"] += copied
            yield found
    finally:
        floors.administer(home, f"drop database if exists {DATABASE} with (force)")


def run(name: str, shop: Path, until: date, folder: Path, home: Settings) -> dict:
    """Runs a peer; returns its stages, their seconds, peak memory and accuracy; or its error, and the seconds until it
    failed."""
    out = folder / name
    out.mkdir(parents=True, exist_ok=True)
    python = environment(name, out)
    log = out / "log"
    for written_before in (log, out / "clv.csv"):
        written_before.unlink(missing_ok=True)
    command = [python, PEERS / name / "run.py", shop, until, out]
    own = {"PEER_URL": home.database_url(DATABASE), "PYSPARK_PYTHON": str(python), "PYTHONPATH": str(PEERS)}
    variables = {**os.environ, **own}
    variables.pop("VIRTUAL_ENV", None)
    of_home = home.home if name in NEEDS_WAREHOUSE else None
    found = measuring.program(command, log, of_home, LIMIT, cwd=out, env=variables)
    cost = {"peer": name, "seconds": found.seconds, "peak": found.peak}
    if found.exit_code or not (out / "clv.csv").exists():
        return {**cost, "error": measuring.last_line(log) or f"exit {found.exit_code}"}
    predicted = pd.read_csv(out / "clv.csv")
    stages = json.loads((out / "seconds.json").read_text())
    # Without the start of Python, as the pipeline's stages are measured.
    return {**cost, "seconds": sum(stages.values()), "stages": stages, "accuracy": accuracy(predicted, shop)}


def environment(name: str, out: Path) -> Path:
    """Makes a peer's environment if there is none yet; returns its Python."""
    folder = out / "venv"
    uv = Path(sys.executable).with_name("uv")
    if not (folder / "ready").exists():
        quiet = {**os.environ, "UV_NO_PROGRESS": "1"}
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder], check=True, env=quiet)
        locked = PEERS / name / "requirements.txt"
        wanted = ["--python", folder / "bin" / "python", "--require-hashes", "-r", locked]
        subprocess.run([uv, "pip", "install", "--quiet", *wanted], check=True, env=quiet)
        (folder / "ready").touch()
    return folder / "bin" / "python"


def accuracy(predicted: pd.DataFrame, shop: Path) -> dict[str, float]:
    """How well predictions agree with the customers' true expected revenue. predicted: customer_id,
    predicted_revenue; a customer without a row counts as 0."""
    truth = pd.read_parquet(shop / "truth.parquet", columns=["customer_id", f"expected_revenue_{HORIZON}"])
    by_customer = predicted.set_index("customer_id").predicted_revenue.astype(float)
    guess = by_customer.reindex(truth.customer_id).fillna(0.0).to_numpy()
    true = truth[f"expected_revenue_{HORIZON}"].to_numpy()
    found = {
        "normalized_gini": metrics.normalized_gini(true, guess),
        "rmse": metrics.rmse(true, guess),
        "signed_bias": metrics.signed_bias(true, guess),
    }
    return {name: float(np.round(value, 6)) for name, value in found.items()}
