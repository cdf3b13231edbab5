"""Trains the model of a date: python -m spark_jobs.train --training-date D --run-id R

Reads features.training_examples (training_date, run_id), writes a version into the registry, prints its facts as
one line of JSON last. Does nothing where the same data have a model already, unless forced.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as sf

from clv import model_choice, registry, tables, warehouse
from clv import settings as settings_module
from clv.dates import parse_date
from clv.errors import ClvError
from clv.settings import Settings
from spark_jobs import entry, evaluation, forecast, hurdle, session, warehouse_io
from spark_jobs.arrow import columns_of
from spark_jobs.examples import COLUMNS
from spark_jobs.forecast import Model

log = logging.getLogger("clv.train")
MOST_ROWS = 2_000_000  # of training_examples; above it, a fixed share of the customers is learned from


def run(
    training_date: date,
    run_id: str,
    data_digest: str | None = None,
    force: bool = False,
    settings: Settings | None = None,
) -> dict[str, Any]:
    """Trains and registers the model of a training date, or finds it; returns the facts.

    data_digest: of the data that the examples were built from; where the orders have changed since, a RuntimeError
    says so, and taking the step again helps. Of two trainings of the same data at once, the second waits and finds
    the first one's model.
    """
    settings = settings or settings_module.load()
    digest = model_choice.data_digest(training_date, settings)
    if data_digest and data_digest != digest:
        raise RuntimeError(f"the orders before {training_date} changed while training was prepared; try again")
    name = registry.version_name(training_date, digest)
    with warehouse.lock(f"train {name}", settings.warehouse_url):
        found = None if force else registry.find(training_date, digest, settings)
        if found:
            log.info("model %s of the same data is registered already", name)
            return {"model_version": name, "trained": False, "number": found.number}
        with session.running("train", settings) as spark:
            model, record = fit(spark, settings, training_date, run_id, name)
        with tempfile.TemporaryDirectory(prefix="clv-model-") as folder:
            forecast.save(model, Path(folder), record)
            parameters = {**hurdle.PARAMETERS, "weight_p": model.weight_p, "weight_value": model.weight_value,
                          "horizons": model.horizons, "origins": len(record["origins"]),
                          "examples": record["examples"]}  # fmt: skip
            version = registry.register(
                Path(folder), training_date, digest, force, parameters, record["metrics"], settings
            )
    log.info("registered %s as number %d", name, version.number)
    return {
        "model_version": name, "trained": True, "number": version.number, "examples": record["examples"],
        "origins": len(record["origins"]), "horizons": model.horizons,
        "weights": {"p": model.weight_p, "value": model.weight_value}, "metrics": record["metrics"],
    }  # fmt: skip


def fit(
    spark: SparkSession, settings: Settings, training_date: date, run_id: str, name: str
) -> tuple[Model, dict[str, Any]]:
    """The calibrated model of a training date and the record of its making."""
    features = read(spark, settings, training_date, run_id)
    fits = hurdle.fit_origins(features) if features is not None else {}
    if features is None or not fits:
        log.info("no window has closed by %s: the model is the probabilistic one", training_date)
        return Model(name, asked=settings.horizons), {"origins": {}, "examples": 0, "metrics": {}}
    log.info("fitted BG/NBD and Gamma-Gamma at %d origins, %s to %s", len(fits), min(fits), max(fits))
    built = hurdle.build_examples(features, fits)
    rows = built.count()
    workers = hurdle.workers_for(spark, rows)
    data = hurdle.ordered(built, workers)
    log.info("built %d examples; training with %d worker%s", rows, workers, "" if workers == 1 else "s")

    held_back = []
    for horizon, origin in last_closed(fits, training_date, settings.horizons).items():
        learners = hurdle.train(data, origin, workers)
        closed = closed_horizons(fits, origin, settings.horizons)
        earlier = Model(horizons=closed, learners=learners, asked=settings.horizons)
        columns = _held_back_columns(features, origin, horizon)
        held_back.append(evaluation.hold_back(earlier, fits[origin], columns, horizon, origin.isoformat()))
        log.info("held back %s for %d days: %d customers", origin, horizon, len(columns["t"]))
    learners = hurdle.train(data, training_date, workers)
    closed = closed_horizons(fits, training_date, settings.horizons)
    model = Model(name, closed, learners=learners, asked=settings.horizons)
    model = evaluation.calibrated(model, held_back)
    record = {
        "training_date": training_date.isoformat(),
        "origins": {origin.isoformat(): found.as_json() for origin, found in sorted(fits.items())},
        "held_back": {held.horizon_days: held.origin for held in held_back},
        "examples": rows,
        "metrics": evaluation.scores(model, held_back),
    }
    return model, record


def read(spark: SparkSession, settings: Settings, training_date: date, run_id: str) -> DataFrame | None:
    """The rows of features.training_examples of one run; None where no window has closed by the training date."""
    where = {"training_date": training_date, "run_id": run_id}
    rows = warehouse_io.count(tables.TRAINING_EXAMPLES, where, settings.warehouse_url)
    if not rows:
        if not model_choice.training_origins(training_date, settings):
            return None
        raise ClvError(
            f"{tables.TRAINING_EXAMPLES} has no rows for {training_date}, run {run_id}; "
            "build the layer 'training' first"
        )
    share = min(1.0, MOST_ROWS / rows)
    log.info("reading %d rows of %s (%.0f %%)", rows * share, tables.TRAINING_EXAMPLES, 100 * share)
    parts = warehouse_io.partitions_for(int(rows * share))
    wanted = {**COLUMNS, **dict.fromkeys(outcomes(settings.horizons), "double precision")}
    return warehouse_io.read_slice(
        spark, settings, tables.TRAINING_EXAMPLES, wanted, where, parts, share, outcomes(settings.horizons)
    ).persist()


def outcomes(horizons: Iterable[int]) -> dict[str, str]:
    """What followed an origin, as columns of our own, and the SQL of each."""
    return {f"{what}_next_{days}": f"{what}_next->>'{days}'" for days in horizons for what in ("orders", "revenue")}


def last_closed(origins: Iterable[date], by: date, horizons: Iterable[int]) -> dict[int, date]:
    """For each horizon with a window closed by a date, its last origin."""
    return {h: max(o for o in origins if _closed(o, h, by)) for h in closed_horizons(origins, by, horizons)}


def closed_horizons(origins: Iterable[date], by: date, horizons: Iterable[int]) -> list[int]:
    """The horizons of which some window had closed by a date."""
    return [h for h in horizons if any(_closed(origin, h, by) for origin in origins)]


def _closed(origin: date, horizon_days: int, by: date) -> bool:
    return origin + timedelta(days=horizon_days) <= by


def _held_back_columns(features: DataFrame, origin: date, horizon: int) -> dict[str, np.ndarray]:
    kept = features.where((sf.col("as_of_date") == sf.lit(origin)) & (sf.col("days_with_orders") >= 1))
    table = kept.where(sf.col(f"orders_next_{horizon}").isNotNull()).orderBy("customer_key").toArrow()
    return columns_of(table.combine_chunks().to_batches()[0])


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m spark_jobs.train", description=__doc__)
    parser.add_argument("--training-date", required=True)
    parser.add_argument("--run-id", required=True)
    parser.add_argument("--data-digest", help="digest of the data that the examples were built from")
    parser.add_argument("--force", action="store_true", help="train even where these data have a model")
    asked = parser.parse_args(arguments)
    day = parse_date(asked.training_date, "--training-date")
    return entry.main(lambda: run(day, asked.run_id, asked.data_digest, asked.force))


if __name__ == "__main__":
    raise SystemExit(main())
