"""Trains the model of a date: python -m spark_jobs.train --training-date D --run-id R

Reads features.training_examples (training_date, run_id), registers a model version, writes the version's references
into the warehouse, and prints its facts as JSON in the last line. If the same data have a model already, nothing is
trained, unless --force is given.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from clv.catalog import tables
from clv.core import options
from clv.core import settings as settings_module
from clv.core.dates import parse_date
from clv.core.declared import OURS
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.warehouse import db, model_choice, registry
from clv.warehouse.roles import MODELLER
from spark_jobs import references
from spark_jobs.ensemble import model_files, shop_history
from spark_jobs.ensemble.forecast import Model
from spark_jobs.features import customer_days, outcomes, purchases
from spark_jobs.features.columns import COLUMNS, Columns
from spark_jobs.io import entry, parallel, session, slices, warehouse_io
from spark_jobs.judging import tuning
from spark_jobs.models import boosting, learning, origins
from spark_jobs.models import registry as forecasters
from spark_jobs.models.learning import Origin
from spark_jobs.training import fitting
from spark_jobs.training.record import Record

log = logging.getLogger("clv.train")


def run(
    training_date: date,
    run_id: str,
    data_digest: str | None = None,
    force: bool = False,
    settings: Settings | None = None,
) -> dict[str, Any]:
    """Trains and registers the model of a training date, or finds the registered one. Writes the model's references if
    they are missing. Returns the facts of the job.

    data_digest: digest of the data that the examples were built from. If the orders have changed since, raises
    RuntimeError, and the step should be repeated. If the same data are trained twice at once, the second training waits
    and finds the model of the first.
    """
    settings = settings or settings_module.load()
    digest = unchanged(data_digest, training_date, settings)
    name = registry.version_name(training_date, digest)
    with db.lock(f"train {name}", settings.url_as(MODELLER)):
        found = None if force else registry.find(training_date, digest, settings)
        if found and model_choice.has_references(name, settings):
            log.info("model %s of the same data is registered already", name)
            return {"model_version": name, "trained": False, "number": found.number}
        with session.on_demand("train", settings):
            if found:
                model = model_files.load(registry.files(name, settings))
                references.write(model, training_date, run_id, settings)
                return {"model_version": name, "trained": False, "number": found.number}
            known = earlier_search(training_date, digest, settings)
            model, record = fit(settings, training_date, run_id, name, known)
            unchanged(digest, training_date, settings)  # the anchor is fitted to the warehouse's days, not the run's
            if not model_choice.has_references(name, settings):
                references.write(model, training_date, run_id, settings)
        number = register(model, record, training_date, digest, force, settings)
    return {
        "model_version": name, "trained": True, "number": number, "examples": record.examples,
        "origins": len(record.origins), "windows": sorted(model.trained),
        "weights": record.weights, "metrics": record.metrics,
    }  # fmt: skip


def unchanged(data_digest: str | None, training_date: date, settings: Settings) -> str:
    """Returns the digest of the data of a training date. Raises RuntimeError if it is no longer `data_digest`."""
    digest = model_choice.data_digest(training_date, settings)
    if data_digest and data_digest != digest:
        raise RuntimeError(f"the orders before {training_date} changed while training was prepared; try again")
    return digest


def register(model: Model, record: Record, training_date: date, digest: str, force: bool, settings: Settings) -> int:
    """Registers a model with its training record. Returns the model's number in the registry."""
    parameters = {
        f"{learner}.{key}": value for learner, kept in model_choice.learners().items() for key, value in kept.items()
    }
    parameters |= {f"weights.{window}": weights for window, weights in record.weights.items()}
    for learner, one in record.tuning.items():
        parameters |= {f"found.{learner}.{key}": one.parameters[key] for key in tuning.SPACE}
        parameters[f"found.{learner}.better"] = one.better
    kept = record.to_json()
    parameters |= {f"blends.{window}": blends for window, blends in kept["blends"].items()}
    parameters |= {"blend": settings.blend, "contestants": settings.contestants}
    parameters |= {f"contestants.{what}": kept for what, kept in record.contestants.items()}
    parameters |= {"origins": len(record.origins), "examples": record.examples}
    model_choice.record_decisions(model.version, training_date, record.decisions, record.backtest, settings)
    with tempfile.TemporaryDirectory(prefix="clv-model-") as folder:
        model_files.save(model, Path(folder), kept)
        version = registry.register(Path(folder), training_date, digest, force, parameters, record.metrics, settings)
    promoted = bool(model.trained) and all(one.published == OURS for one in model.trained.values())
    registry.set_aliases(version, promoted, settings)
    log.info("registered %s as number %d", model.version, version.number)
    return version.number


# One thread, because adding numbers in another order would give a slightly different model.
@threadpool_limits.wrap(limits=1, user_api="blas")
def fit(
    settings: Settings,
    training_date: date,
    run_id: str,
    name: str,
    known: dict[str, tuning.Found] | None = None,
) -> tuple[Model, Record]:
    """Reads the training examples of a date and fits the model (see `fitting.fit`)."""
    # One that cannot be fitted here would be left out, and the same data would have another model than elsewhere.
    forecasters.load(settings.contestants)
    device = options.from_environment(options.Spark).training_device
    if device != "cpu":
        with parallel.sharing(device, "a GPU was looked for") as each:  # CUDA cannot be used before a process is forked
            list(each(boosting.check, [None]))
    fitted, panel = read(settings, training_date, run_id)
    if not fitted:
        return fitting.anchor_only(settings, training_date, name)
    daily = shop_history.daily_revenue(training_date, settings.url_as(MODELLER))
    return fitting.fit(fitted, panel, daily, settings, training_date, name, known)


def earlier_search(training_date: date, data_digest: str, settings: Settings) -> dict[str, tuning.Found] | None:
    """Returns the result of an earlier parameter search for a model of the same data, so that training again gives the
    same model. Returns None if there is no such model."""
    if not registry.find(training_date, data_digest, settings):
        return None
    files = registry.files(registry.version_name(training_date, data_digest), settings)
    return tuning.from_record(model_files.record(files).get("tuning", {}))


def read(settings: Settings, training_date: date, run_id: str) -> tuple[dict[date, Origin], dict[date, Columns]]:
    """Fits the anchor at each origin of a training date, and reads the customers that features.training_examples of one
    run has drawn from each. Both are empty if no window had closed by the training date."""
    where = {"training_date": training_date, "run_id": run_id}
    days = model_choice.training_origins(training_date, settings)
    if not days:
        return {}, {}
    if not slices.count(tables.TRAINING_EXAMPLES, where, settings.url_as(MODELLER)):
        raise ClvError(
            f"{tables.TRAINING_EXAMPLES} has no rows for {training_date}, run {run_id}; "
            "build the layer 'training' first"
        )
    outcomes.refuse_open_windows(training_date, run_id, settings)
    with parallel.sharing(customer_days.read(training_date, settings), "the anchor was fitted") as each:
        found = origins.fit(days, settings.windows, training_date, each)
    # Spark's workers have no secrets to find the URL with. It is part of the function, because Spark writes what is
    # shared into files.
    drawn = partial(_drawn, settings.url_as(MODELLER))
    more = forecasters.columns_read(forecasters.listed(settings.contestants))
    with parallel.sharing((settings.windows, where, more), "the training examples were read") as each:
        return found, dict(zip(found, each(drawn, list(found)), strict=True))


def _drawn(url: str, shared: tuple[list[int], dict[str, Any], dict[str, str]], day: date) -> Columns:
    windows, where, more = shared
    followed = outcomes.columns(windows)
    wanted = {**COLUMNS, **more, **dict.fromkeys(followed, "double precision")}
    meaning = followed | purchases.MEANING
    rows = warehouse_io.read_rows(url, tables.TRAINING_EXAMPLES, wanted, {**where, "as_of_date": day}, meaning)
    return learning.customers(rows)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m spark_jobs.train", description=__doc__)
    parser.add_argument("--training-date", required=True)
    parser.add_argument("--run-id", required=True)
    parser.add_argument("--data-digest", help="digest of the data that the examples were built from")
    parser.add_argument("--force", action="store_true", help="train even where these data have a model")
    parsed = parser.parse_args(arguments)
    day = parse_date(parsed.training_date, "--training-date")
    return entry.main(lambda: run(day, parsed.run_id, parsed.data_digest, parsed.force))


if __name__ == "__main__":
    raise SystemExit(main())
