"""The learners fitted by Spark's tasks, compared with those of this machine's processes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import pytest
from pyspark.sql import SparkSession
from synthetic_examples import SNAPSHOTS, built, examples

from clv.core import settings
from clv.core.errors import ClvError
from clv.warehouse.model_choice import LEARNERS
from spark_jobs.io import session
from spark_jobs.models import boosting
from spark_jobs.models.examples import Examples
from spark_jobs.models.learners import NAMES, Learners
from spark_jobs.training import learning_at_once
from spark_jobs.training.learning_at_once import Fit

CUSTOMERS = 3_000
FEW_TREES = {name: {**parameters, "n_estimators": 40} for name, parameters in LEARNERS.items()}


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_MASTER", "local[2]")
        found = session.start("boosting", settings.load(tmp_path_factory.mktemp("boosting")))
        yield found
        found.stop()


def margins(learners: Learners, rows: Examples, name: str) -> np.ndarray:
    return learners.boosters[name].predict(boosting.matrix(rows, name), output_margin=True)


def test_one_task_of_sparks_learns_the_same_and_two_nearly_the_same(spark: SparkSession) -> None:
    rows = examples(CUSTOMERS)
    native = boosting.fit(rows, FEW_TREES)
    one, two = (boosting.fit_on_spark(rows, FEW_TREES, tasks) for tasks in (1, 2))
    for name in NAMES:
        here = margins(native, rows, name)
        assert margins(one, rows, name) == pytest.approx(here, abs=1e-4)
        # Each of two tasks contributes quantiles of its own rows, so splits differ a little.
        assert np.abs(margins(two, rows, name) - here).mean() < 0.05 * here.std()


def test_a_cluster_gives_the_bytes_of_one_machine(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    made, fits = built(), [Fit(90, date(2024, 6, 1), SNAPSHOTS, LEARNERS), Fit(90, date(2024, 6, 1), [], LEARNERS)]
    here = learning_at_once.learn(made, fits)
    monkeypatch.setattr(session, "on_cluster", lambda: True)
    assert learning_at_once.learn(made, fits) == here


def test_too_few_slots_are_reported_at_once(spark: SparkSession) -> None:
    with pytest.raises(ClvError, match=r"from 1200 examples needs 9 cores, but Spark has 2; set SPARK_MASTER="):
        boosting.fit_on_spark(examples(), LEARNERS, 9)
