"""Personas fitted by a real Spark."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from pyspark.sql import SparkSession

from clv.core import settings
from spark_jobs.io import session
from spark_jobs.models import personas

CUSTOMERS = 867


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    found = session.start("personas", settings.load(tmp_path_factory.mktemp("personas")))
    yield found
    found.stop()


def test_a_model_with_an_empty_persona_is_not_chosen(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    # Of these customers Spark's k-means makes one group where two are requested.
    points = np.random.default_rng(56).normal(size=(CUSTOMERS, len(personas.WORDS))).clip(-3, 3)
    monkeypatch.setattr(personas, "measures", lambda _: points)
    monkeypatch.setattr(personas, "standardised", lambda matrix, *_: matrix)
    found = personas.fit(spark, {})
    assert found
    assert len(found.names) > 2
    monkeypatch.setattr(personas, "NUMBERS", range(2, 3))
    assert personas.fit(spark, {}) is None
