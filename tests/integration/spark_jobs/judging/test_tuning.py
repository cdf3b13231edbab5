"""The search for parameters, with a real Spark and XGBoost's estimators on Spark."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import DataFrame, SparkSession
from scipy.special import expit

from clv.core import settings
from clv.warehouse.model_choice import LEARNERS
from spark_jobs.io import session
from spark_jobs.judging import metrics, tuning
from spark_jobs.models import learning
from spark_jobs.models.learners import NAMES

CUSTOMERS = 400


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    found = session.start("tuning", settings.load(tmp_path_factory.mktemp("tuning")))
    yield found
    found.stop()


def rows(spark: SparkSession) -> DataFrame:
    """Returns the weighted examples of two windows of CUSTOMERS, in which the first input determines who buys."""
    rng = np.random.default_rng(3)
    frames = []
    for snapshot in ("2024-01-01/90", "2024-02-01/90"):
        made = pd.DataFrame(rng.normal(size=(CUSTOMERS, len(learning.INPUTS))), columns=learning.INPUTS)
        made = made.assign(snapshot=snapshot, window_days=90, customer_key=[f"{i:04}" for i in range(CUSTOMERS)])
        made["bought"] = (rng.random(CUSTOMERS) < expit(2 * made[learning.INPUTS[0]])) * 1.0
        made["money"] = made.bought * rng.gamma(5, 20, CUSTOMERS)
        made["spent"] = np.maximum(made.money, 1)
        frames.append(made.assign(margin_total=np.log(50.0), margin_buy=0.0, margin_spend=np.log(100.0)))
    columns = [field.split()[0] for field in learning.EXAMPLE_SCHEMA.split(", ")]
    data = spark.createDataFrame(pd.concat(frames)[columns], learning.EXAMPLE_SCHEMA)
    found = learning.weighted_examples(data, [], 90)
    assert found is None  # without a snapshot there are no examples
    return data.withColumn("weight", data.window_days / 90.0)


def test_a_customer_is_in_one_fold_and_losses_are_of_the_held_out_fold(spark: SparkSession) -> None:
    parts = tuning.folds(rows(spark), 1)
    held_out = [{row.customer_key for row in part.select("customer_key").collect()} for _, part in parts]
    assert sum(map(len, held_out)) == len(set.union(*held_out)) == CUSTOMERS
    for (kept, _), customers in zip(parts, held_out, strict=True):
        assert not customers & {row.customer_key for row in kept.select("customer_key").collect()}

    found = tuning.losses("buy", parts, 1, LEARNERS["buy"])
    kept, part = parts[0]
    predictions = learning.learner("buy", 1, LEARNERS["buy"]).fit(kept).transform(part).toPandas()
    p = np.array([row[1] for row in predictions.probability])
    assert found[0] == pytest.approx(metrics.log_loss(predictions.bought.to_numpy(), p), abs=1e-6)
    assert found[0] < np.log(2)


def test_found_parameters_replace_the_usual_ones_only_if_better_in_each_fold(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "FOLDS", 2)
    found = tuning.search(rows(spark), 1, "bayes", minutes=60, trials=1)
    assert set(found) == set(NAMES)
    for name, one in found.items():
        assert one.trials == 1
        assert sum(one.best) <= sum(one.usual)
        assert one.better == all(best < usual for best, usual in zip(one.best, one.usual, strict=True))
        assert tuning.chosen(found)[name] == (one.parameters if one.better else LEARNERS[name])
    assert tuning.from_record(tuning.as_record(found)) == found


def test_a_search_can_be_repeated_and_ends_with_its_minutes(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "FOLDS", 2)
    monkeypatch.setattr(
        tuning, "LEARNERS", {**LEARNERS, "buy": {**LEARNERS["buy"], "learning_rate": 0.01, "n_estimators": 40}}
    )
    data = rows(spark)
    found = tuning.search(data, 1, "random", minutes=60, trials=2, names=["buy"])
    assert found["buy"].better  # the usual parameters, set above, hardly learn anything
    assert tuning.search(data, 1, "random", minutes=60, trials=2, names=["buy"]) == found
    short = tuning.search(data, 1, "grid", minutes=0.001, names=["buy"])["buy"]
    assert short.trials == 1  # a trial that has begun is finished
    assert all(short.parameters[key] in tuning.GRID[key] for key in tuning.SPACE)
