"""The learners fitted by Spark's tasks, compared with those of this machine's processes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from pyspark.sql import SparkSession
from synthetic_examples import SNAPSHOTS, built

from clv.core import settings
from clv.warehouse.model_choice import LEARNERS
from spark_jobs.io import session
from spark_jobs.training import learning_at_once
from spark_jobs.training.learning_at_once import Fit


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_MASTER", "local[2]")
        found = session.start("boosting", settings.load(tmp_path_factory.mktemp("boosting")))
        yield found
        found.stop()


def test_a_cluster_gives_the_bytes_of_one_machine(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    made, fits = built(), [Fit(90, date(2024, 6, 1), SNAPSHOTS, LEARNERS), Fit(90, date(2024, 6, 1), [], LEARNERS)]
    here = learning_at_once.learn(made, fits)
    monkeypatch.setattr(session, "on_cluster", lambda: True)
    assert learning_at_once.learn(made, fits) == here
