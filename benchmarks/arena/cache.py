"""Writes what a case's forecast is made from into a file, once, with the pipeline's own steps in a scratch database."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from threadpoolctl import threadpool_limits

from benchmarks.arena.cases import Case, Shop
from clv.catalog import tables
from clv.core import settings
from clv.core.progress import Step
from clv.evaluation.backtest import run, scratch
from clv.transform import dbt
from clv.warehouse import db, model_choice
from spark_jobs import score, train
from spark_jobs.ensemble import shop_history
from spark_jobs.ensemble.calibration import Daily
from spark_jobs.features.columns import FEATURES_READ, Columns, usable
from spark_jobs.io import slices
from spark_jobs.io.arrow import columns_of
from spark_jobs.io.slices import Slice
from spark_jobs.models.learning import Origin

FILE = "case.pickle"
NOT_YET = "the arena has not forecast"


@dataclass(frozen=True, eq=False)
class Given:
    """What a case's forecast is made from.

    origins, panel, daily: the arguments of `fitting.fit`. columns: FEATURE_COLUMNS of the origin's customers with a
    purchase day, in the order in which the scoring reads them. customer_id, customer_key: of the same customers.
    frame: what `backtest.run.rows` returns, with the outcomes but without forecasts.
    """

    case: Case
    origins: dict[date, Origin]
    panel: dict[date, Columns]
    daily: Daily
    columns: Columns
    customer_id: np.ndarray
    customer_key: np.ndarray
    frame: pd.DataFrame


def build(shop: Shop, wanted: Sequence[Case], data: Path, out: Path, home: settings.Settings, step: Step) -> None:
    """Writes the files of a shop's cases, all of one horizon, into the folder `out`. A case for which the shop has too
    little data is left out."""
    horizon, origins = wanted[0].horizon, [case.origin for case in wanted]
    label = f"{wanted[0].shop} {horizon}"
    with TemporaryDirectory() as folder, scratch.database(home, [horizon]) as trial:
        request = run.Request(*shop.orders(data, Path(folder)), horizon, origins)
        with step(f"{label}: the orders are loaded and cleaned"):
            run.load(request, home, trial)
            dbt.build("staging", {}, trial)
            dbt.build("intermediate", {}, trial)
        run.check_dates(request, trial)
        for case in wanted:
            with step(f"{label} {case.origin}: the features and closed windows are built"):
                if found := given(case, trial):
                    write(out / case.folder / FILE, found)


# One thread in BLAS, as in `train.fit`.
@threadpool_limits.wrap(limits=1, user_api="blas")
def given(case: Case, trial: settings.Settings) -> Given | None:
    """Builds the features and closed windows of a case, and reads them. Returns None if the shop has too little data
    for a forecast."""
    run_id, day, url = f"arena-{case.origin}", case.origin.isoformat(), trial.warehouse_url
    dbt.build("features", {"as_of_date": day, "run_id": run_id}, trial)
    if model_choice.unmet_requirement(case.origin, trial):
        return None
    if before := [one.isoformat() for one in model_choice.training_origins(case.origin, trial)]:
        variables = {"as_of_date": day, "run_id": run_id, "training_date": day, "origins": before}
        dbt.build("training", variables, trial)
    origins, panel = train.read(trial, case.origin, run_id)
    daily = shop_history.daily_revenue(case.origin, url)
    score.write_too_little_data(trial, case.origin, run_id, NOT_YET)  # rows to join the outcomes to
    frame = run.rows(case.origin, run_id, case.horizon, trial)
    columns, key = features(case.origin, run_id, url)
    ids = dict(db.rows(f"select customer_key::text, customer_id from {tables.CUSTOMERS}", url=url))  # noqa: S608 - our own names
    customer_id = np.array([ids[one] for one in key], dtype=object)
    return Given(case, origins, panel, daily, columns, customer_id, key, frame)


def features(origin: date, run_id: str, url: str) -> tuple[Columns, np.ndarray]:
    """Reads the features and keys of an origin's customers with a purchase day, as `score.shared_settings` does."""
    where = {"as_of_date": origin, "run_id": run_id}
    parts = slices.partitions_for(slices.count(tables.CUSTOMER_FEATURES, where, url))
    source = Slice(tables.CUSTOMER_FEATURES, where, parts, url)
    table = pa.concat_tables([source.read(part, FEATURES_READ) for part in range(parts)]).combine_chunks()
    columns, key = columns_of(table), np.array(table.column("customer_key").to_pylist(), dtype=object)
    rows = usable(columns)
    return {name: values[rows] for name, values in columns.items()}, key[rows]


def write(file: Path, found: Any) -> None:
    """Writes an object into a file, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    partial.write_bytes(pickle.dumps(found, pickle.HIGHEST_PROTOCOL))
    partial.replace(file)


def read(file: Path) -> Any:
    """Reads an object that `write` has written. Only files of one's own cache are read: pickle runs what they hold."""
    return pickle.loads(file.read_bytes())  # noqa: S301 - written by this program
