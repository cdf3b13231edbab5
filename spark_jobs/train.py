"""Trains the model of a date: python -m spark_jobs.train --training-date D --run-id R

Reads features.training_examples (training_date, run_id), writes a version into the registry, prints its facts as
one line of JSON last. Does nothing where the same data have a model already, unless forced.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from pyspark.sql import DataFrame, SparkSession
from threadpoolctl import threadpool_limits

from clv import model_choice, registry, tables, warehouse
from clv import settings as settings_module
from clv.dates import parse_date
from clv.errors import ClvError
from clv.settings import Settings
from spark_jobs import (
    anchor,
    baselines_rules,
    blending,
    entry,
    evaluation,
    explained,
    learning,
    logistic,
    model_files,
    promotion,
    session,
    warehouse_io,
)
from spark_jobs.columns import COLUMNS, Columns
from spark_jobs.forecast import Model, Trained, settings_of
from spark_jobs.learning import Origin
from spark_jobs.level import Daily, Residual, log_level, residual

log = logging.getLogger("clv.train")
MOST_ROWS = 2_000_000  # of training_examples; above it, a fixed share of the customers is learned from
BOOSTED_IF_TWO_YEARS = {False: 5, True: 12}  # latest origins per window that trees learn from
SMOOTH_ORIGINS = 8  # latest ones that the logistic regression learns from
ENOUGH_OF_ITS_OWN = 3  # closed origins of a window: with fewer, the regression learns from shorter windows too
HELD_BACK = 2  # latest closed origins per horizon that forecasts are judged by


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
            model_files.save(model, Path(folder), record)
            parameters = {
                f"{learner}.{key}": value
                for learner, kept in model_choice.LEARNERS.items()
                for key, value in kept.items()
            }
            parameters |= {f"weights.{window}": weights for window, weights in record["weights"].items()}
            parameters |= {f"blends.{window}": blends for window, blends in record["blends"].items()}
            parameters |= {"blend": settings.blend, "origins": len(record["origins"]), "examples": record["examples"]}
            model_choice.record_decisions(name, training_date, record["decisions"], settings)
            version = registry.register(
                Path(folder), training_date, digest, force, parameters, record["metrics"], settings
            )
        promoted = bool(model.trained) and all(kept.published == promotion.OURS for kept in model.trained.values())
        registry.name_roles(version, promoted, settings)
    log.info("registered %s as number %d", name, version.number)
    return {
        "model_version": name, "trained": True, "number": version.number, "examples": record["examples"],
        "origins": len(record["origins"]), "windows": sorted(model.trained),
        "weights": record["weights"], "metrics": record["metrics"],
    }  # fmt: skip


@threadpool_limits.wrap(limits=1, user_api="blas")  # sums in another order would make another model
def fit(
    spark: SparkSession, settings: Settings, training_date: date, run_id: str, name: str
) -> tuple[Model, dict[str, Any]]:
    """The calibrated model of a training date and the record of its making."""
    features = read(spark, settings, training_date, run_id)
    origins = learning.fit_origins(features, settings.windows) if features is not None else {}
    if features is None or not origins:
        log.info("no window has closed by %s: the model is the probabilistic one", training_date)
        return Model(name, settings.horizons), _record(training_date)
    log.info("fitted the anchor at %d origins, %s to %s", len(origins), min(origins), max(origins))
    daily = warehouse_io.daily_revenue(training_date, settings.warehouse_url)
    residuals = missed(origins, daily)
    panel = learning.panel(features)
    data, rows, workers = learning.ordered(learning.build_examples(features, origins))
    log.info("built %d examples; training with %d worker%s", rows, workers, "" if workers == 1 else "s")
    held = {window: latest_closed(origins, window, training_date) for window in bases(origins, settings.horizons)}

    def learn(asked: tuple[int, date]) -> Trained:
        window, by = asked
        trees = BOOSTED_IF_TWO_YEARS[(by - daily.first).days >= model_choice.TWO_YEARS]
        cells = rfm_cells(panel, latest_closed(origins, window, by, SMOOTH_ORIGINS), window)
        learners = learning.train(data, learning.snapshots(origins, window, by, trees), window, workers)
        if learners is None:
            return Trained(cells=cells)
        log.info("learned windows of %d days closed by %s", window, by)
        smooth = logistic.fit(*smooth_examples(origins, panel, window, by))
        return Trained(learners, smooth, list(blending.USUAL), list(blending.USUAL_CHANCE), cells=cells)

    asked = [(window, by) for window, days in held.items() for by in (training_date, *days)]
    with ThreadPoolExecutor(max(1, session.slots(spark) // workers)) as pool:
        learned = dict(zip(asked, pool.map(learn, asked), strict=True))

    record, trained = _record(training_date, origins, rows), {}
    record["blend"] = settings.blend
    for window, days in held.items():
        judged = [
            evaluation.hold_back(
                learned[window, day], origins[day].fit, panel[day], window, day.isoformat(),
                log_level(daily, day, window, residuals),
            )
            for day in days
        ]  # fmt: skip
        most = max(origin.totals[window].most for origin in origins.values() if window in origin.totals)
        own, blends = evaluation.blended(learned[window, training_date], judged, settings.blend)
        found, decision = evaluation.calibrated(own, judged, most)
        trained[window] = found
        if decision:
            log.info("windows of %d days: %s is published", window, decision.published)
            record["decisions"] += decision.as_rows()
        record["held_back"][window] = [held_back.origin for held_back in judged]
        record["blends"][window] = {way: asdict(blend) for way, blend in blends.items()}
        record["weights"][window] = {"value": found.value_weights, "chance": found.chance_weights}
        record["metrics"] |= evaluation.scores(found, judged)
    model, latest = Model(name, settings.horizons, trained, residuals), max(panel)
    fitted, columns = origins[latest].fit, panel[latest]
    common = settings_of(model, fitted, columns, daily, latest)
    record["explained"] = explained.explain(model, fitted, columns, common, latest.isoformat())
    return model, record


def missed(origins: dict[date, Origin], daily: Daily) -> list[Residual]:
    """What the anchor missed in each closed window that brought money."""
    return [
        residual(daily, day, window, learning.end(day, window), total.actual, total.said)
        for day, origin in origins.items()
        for window, total in origin.totals.items()
        if total.actual > 0 and total.said > 0
    ]


def bases(origins: dict[date, Origin], horizons: Iterable[int]) -> list[int]:
    """The windows to learn: of each horizon itself, or the longest shorter one that has closed at some origin."""
    closed = {window for origin in origins.values() for window in origin.totals}
    found = {max((w for w in closed if w <= horizon), default=None) for horizon in horizons}
    return sorted(window for window in found if window)


def latest_closed(origins: dict[date, Origin], window: int, by: date, latest: int = HELD_BACK) -> list[date]:
    """The latest origins whose window had closed by a date, oldest first."""
    closed = [day for day in origins if window in origins[day].totals and learning.end(day, window) <= by]
    return learning.apart(closed)[-latest:]


def smooth_examples(
    origins: dict[date, Origin], panel: dict[date, Columns], window: int, by: date
) -> tuple[list, list]:
    """What the logistic regression of a window learns from: inputs, and who bought, per closed origin.

    Where fewer than ENOUGH_OF_ITS_OWN have closed, those of shorter windows come in too, from half its length on.
    """
    days = {window: latest_closed(origins, window, by, SMOOTH_ORIGINS)}
    if len(days[window]) < ENOUGH_OF_ITS_OWN:
        lengths = {w for origin in origins.values() for w in origin.totals if window / 2 <= w < window}
        days |= {w: latest_closed(origins, w, by, SMOOTH_ORIGINS) for w in sorted(lengths)}
    inputs, bought = [], []
    for length, day in [(w, day) for w in days for day in days[w]]:
        said = anchor.probabilistic(origins[day].fit, panel[day], length)
        inputs.append(logistic.inputs(origins[day].fit, panel[day], said, length))
        bought.append((panel[day][f"orders_next_{length}"] > 0) * 1.0)
    return inputs, bought


def rfm_cells(panel: dict[date, Columns], days: list[date], window: int) -> dict | None:
    """RFM cells of a window from closed origins; None where there are none."""
    if not days:
        return None
    columns = {name: np.concatenate([panel[day][name] for day in days]) for name in panel[days[0]]}
    bought = (columns[f"orders_next_{window}"] > 0) * 1.0
    spent = np.maximum(columns[f"revenue_next_{window}"], 0)
    return promotion.cells_as_json(baselines_rules.fit_cells(columns, bought, spent))


def _record(training_date: date, origins: dict[date, Origin] | None = None, rows: int = 0) -> dict[str, Any]:
    """What is kept beside a model of how it was made."""
    return {
        "training_date": training_date.isoformat(),
        "origins": {day.isoformat(): origin.fit.as_json() for day, origin in (origins or {}).items()},
        "held_back": {}, "weights": {}, "blends": {}, "explained": {}, "decisions": [], "examples": rows, "metrics": {},
    }  # fmt: skip


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
    followed = outcomes(settings.windows)
    wanted = {**COLUMNS, **dict.fromkeys(followed, "double precision")}
    read = warehouse_io.read_slice(spark, settings, tables.TRAINING_EXAMPLES, wanted, where, parts, share, followed)
    return read.where("days_with_orders >= 1").persist()


def outcomes(horizons: Iterable[int]) -> dict[str, str]:
    """What followed an origin, as columns of our own, and the SQL of each."""
    return {f"{what}_next_{days}": f"{what}_next->>'{days}'" for days in horizons for what in ("orders", "revenue")}


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
