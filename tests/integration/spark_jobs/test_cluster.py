"""Training and scoring on a Spark standalone cluster of a master and two workers, beside the same on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import psycopg
import pytest
import simulated_features as sim
import spark_cluster
from scored_rows import AS_OF, RUN, predictions

from clv.catalog import tables
from clv.core import settings
from clv.core.settings import PROJECT, Settings
from clv.warehouse import db, model_choice, registry
from spark_jobs import score, train

TRAINING_DATE = date(2023, 8, 1)
SESSION = """
from clv.core import settings
from spark_jobs.io import entry, session
session.EXECUTOR_WAIT = 3.0
raise SystemExit(entry.main(lambda: session.start("test", settings.load())))
"""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[spark_cluster.Cluster]:
    (tmp_path / "cluster").mkdir()
    with spark_cluster.running(tmp_path / "cluster") as started:
        yield started


@pytest.fixture
def shop(home: Settings) -> Settings:
    """A shop of 300 customers over 19 months, with one window to learn, and what training and scoring read."""
    with psycopg.connect(home.warehouse_url, autocommit=True) as connection:
        connection.execute(f"create database {home.database_url('mlflow').rpartition('/')[2]}")
    registry.setup(home)
    (home.home / "shop.json").write_text(json.dumps({"horizons": [30]}))
    home = settings.load(home.home)
    made = sim.orders(300, 590)
    sim.write_orders(made, home)
    examples = sim.examples(made, [*model_choice.training_origins(TRAINING_DATE, home), TRAINING_DATE], TRAINING_DATE)
    sim.write_features(examples, tables.TRAINING_EXAMPLES, home, RUN, TRAINING_DATE)
    sim.write_features(sim.features(made, AS_OF), tables.CUSTOMER_FEATURES, home, RUN)
    return home


def job(master: str, *words: str) -> subprocess.Popen:
    """Starts a Python process that uses a cluster."""
    spark = {"SPARK_MASTER": master, "SPARK_EXECUTOR_MEMORY": "512m", "SPARK_FROM_CUSTOMERS": "1"}
    return subprocess.Popen(
        [sys.executable, *words], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, **spark, "SPARK_LOCAL_IP": "127.0.0.1"},
    )  # fmt: skip


def facts(job: subprocess.Popen) -> dict:
    """Waits for a job, and returns the facts that it prints."""
    printed, errors = job.communicate(timeout=600)
    assert job.returncode == 0, errors[-3000:]
    return json.loads(printed.splitlines()[-1])


def model_bytes(home: Settings, version: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in registry.files(version, home).iterdir()}


def test_a_cluster_that_loses_a_worker_trains_the_model_of_one_machine(
    shop: Settings, cluster: spark_cluster.Cluster
) -> None:
    here = train.run(TRAINING_DATE, RUN, settings=shop)
    version = here["model_version"]
    learned = model_bytes(shop, version)
    score.run(AS_OF, RUN, version, settings=shop)
    rows = predictions(shop)

    again = ["--training-date", str(TRAINING_DATE), "--run-id", RUN, "--force"]
    training = job(cluster.master, "-m", "spark_jobs.train", *again)
    cluster.wait(lambda: len(cluster.executors()) == 2 and cluster.newest_computes(), 300)
    cluster.kill_worker()
    there = facts(training)
    assert there["number"] == here["number"] + 1
    assert model_bytes(shop, version) == learned

    cluster.add_worker()
    db.rows(f"delete from {tables.CUSTOMER_PREDICTIONS} returning 1", url=shop.warehouse_url)
    scoring = ["--as-of", str(AS_OF), "--run-id", RUN, "--model-version", version]
    facts(job(cluster.master, "-m", "spark_jobs.score", *scoring))
    pd.testing.assert_frame_equal(predictions(shop), rows)
    assert {app["name"] for app in cluster.state()["completedapps"]} == {"perennial train", "perennial score"}


def test_a_job_that_no_worker_takes_ends_in_one_line(home: Settings, tmp_path: Path) -> None:
    with spark_cluster.running(tmp_path, workers=0) as empty:
        started = job(empty.master, "-c", SESSION)
        errors = started.communicate(timeout=120)[1].strip().splitlines()
    assert started.returncode == 1
    assert errors[-1] == (
        f"error: {empty.master} gave this job no executor within 3 s; start or free a worker with "
        "SPARK_EXECUTOR_MEMORY of memory (1g if it is not set), or set SPARK_MASTER=local[*]"
    )
