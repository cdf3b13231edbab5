"""A training's learners beside native XGBoost on the very matrices that they learn from.

`python -m benchmarks.large.learners OUT` reads the examples of the newest training in CLV_HOME and writes a list of
{"floor", "rows", "seconds"} to OUT: an empty one if there was no training.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import xgboost

from clv.catalog import tables
from clv.core import settings
from clv.core.settings import Settings
from clv.warehouse import db, model_choice
from clv.warehouse.roles import MODELLER
from spark_jobs import train
from spark_jobs.ensemble import shop_history
from spark_jobs.models import examples
from spark_jobs.models.learners import NAMES
from spark_jobs.training import fitting, learning_at_once
from spark_jobs.training.learning_at_once import Built, Fit

NEWEST = f"select training_date, run_id from {tables.TRAINING_EXAMPLES} order by training_date desc, run_id limit 1"  # noqa: S608 - our own names


def prepared(home: Settings) -> tuple[Built, list[Fit]]:
    """The examples of the newest training, and the fits that it made of them; both empty without one."""
    url = home.url_as(MODELLER)
    exists = db.rows("select to_regclass(%s) is not null", (tables.TRAINING_EXAMPLES,), url)[0][0]
    for day, run_id in db.rows(NEWEST, None, url) if exists else []:
        origins, panel = train.read(home, day, run_id)
        past = fitting.past_of(origins, panel, shop_history.daily_revenue(day, url), home, day)
        usual = model_choice.learners()
        fits = [Fit(window, by, past.examples_by(window, by), usual) for window, by in past.trainings()]
        wanted = itertools.chain.from_iterable(fit.snapshots for fit in fits)
        return learning_at_once.build(origins, panel, wanted), fits
    return {}, []


def measure(built: Built, fits: Sequence[Fit]) -> list[dict]:
    """Measures the learners and, on the same matrices, XGBoost alone: one fit after the other on all cores."""
    rows, alone = 0, 0.0
    for fit in fits:
        if (found := examples.weighted(built, fit.snapshots, fit.window)) is None:
            continue
        for name in NAMES:
            part, parameters = found.of(name), dict(fit.parameters[name])
            rounds, bins = parameters.pop("n_estimators"), parameters["max_bin"]
            started = time.perf_counter()
            matrix = xgboost.QuantileDMatrix(
                part.inputs, part.labels[name], weight=part.weights, base_margin=part.margins[name], max_bin=bins
            )
            xgboost.train(parameters, matrix, rounds)
            alone += time.perf_counter() - started
            rows += len(part)
    if not rows:
        return []
    started = time.perf_counter()
    learning_at_once.learn(built, fits)
    return [
        {"floor": "native XGBoost on the matrices of the training", "rows": rows, "seconds": alone},
        {"floor": "the training's learners on them", "rows": rows, "seconds": time.perf_counter() - started},
    ]


def main() -> None:
    """Measures the home of the environment."""
    Path(sys.argv[1]).write_text(json.dumps(measure(*prepared(settings.load()))))


if __name__ == "__main__":
    main()
