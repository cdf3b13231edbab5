"""Fits the boosted learners with XGBoost, on one thread each: several threads would add gradients in an order that
depends on their number. Many fits run at a time instead (`spark_jobs.io.parallel`).

More than ROWS_OF_ONE_TASK examples are divided among several of Spark's tasks. Their number depends on the examples
alone, so the model is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import xgboost
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema
from xgboost.spark import SparkXGBClassifier, SparkXGBRegressor

from clv.core.errors import ClvError
from clv.warehouse.model_choice import Parameters
from spark_jobs.features.columns import Array
from spark_jobs.io import session
from spark_jobs.models.examples import Examples
from spark_jobs.models.feature_matrix import FEATURES
from spark_jobs.models.learners import NAMES, Learners

ROWS_OF_ONE_TASK = 8_000_000
INPUTS = list(FEATURES)


def fit(rows: Examples, parameters: Parameters) -> Learners:
    """Fits the learners on one thread. parameters: XGBoost's, by learner. The result depends on the arguments alone."""
    found, bins = {}, None
    for name in NAMES:
        # The learners of all rows share a matrix, because its bins depend on the inputs and weights alone.
        if bins is None or name == "spend":
            bins = quantised(rows.of(name), parameters[name])
        found[name] = _saved(boosted(bins, rows.of(name), name, parameters[name]))
    return Learners(**found)


def quantised(rows: Examples, parameters: dict[str, Any]) -> xgboost.QuantileDMatrix:
    """Returns the inputs in the bins between which the trees choose their splits."""
    return xgboost.QuantileDMatrix(
        rows.inputs, weight=rows.weights, feature_names=INPUTS, nthread=1, max_bin=parameters["max_bin"]
    )


def boosted(bins: xgboost.QuantileDMatrix, rows: Examples, name: str, parameters: dict[str, Any]) -> xgboost.Booster:
    """Boosts the trees of one learner. bins: the inputs of `rows`, quantised."""
    bins.set_info(label=rows.labels[name], base_margin=rows.margins[name])
    others = {key: value for key, value in parameters.items() if key != "n_estimators"}
    return xgboost.train({**others, "nthread": 1}, bins, num_boost_round=parameters["n_estimators"])


def predicted(booster: xgboost.Booster, rows: Examples, name: str) -> Array:
    """Predicts money or the probability of an order for examples, shape (n,)."""
    return booster.predict(matrix(rows, name)).astype(float)


def matrix(rows: Examples, name: str) -> xgboost.DMatrix:
    """Returns examples as XGBoost takes them to predict, with the margins to start from."""
    return xgboost.DMatrix(rows.inputs, base_margin=rows.margins[name], feature_names=INPUTS, nthread=1)


def tasks_for(rows: int) -> int:
    """Returns the number of Spark's tasks among which examples are divided; 1 for those that one process fits."""
    return -(-rows // ROWS_OF_ONE_TASK)


def fit_on_spark(rows: Examples, parameters: Parameters, tasks: int) -> Learners:
    """Fits the learners with the rows divided among several of Spark's tasks. Raises ClvError if Spark has too few
    slots."""
    spark = session.current()
    if (slots := session.slots(spark)) < tasks:
        raise ClvError(
            f"learning from {len(rows)} examples needs {tasks} cores, but Spark has {slots}; set "
            f"SPARK_MASTER=local[{tasks}]"
        )
    found = {}
    for name in NAMES:
        learner = SparkXGBClassifier if name == "buy" else SparkXGBRegressor
        own = {key: value for key, value in parameters[name].items() if name != "buy" or key != "objective"}
        estimator = learner(
            features_col=INPUTS, label_col="label", weight_col="weight", base_margin_col="margin", num_workers=tasks,
            verbose=False, **own,
        )  # fmt: skip
        found[name] = _saved(estimator.fit(_divided(spark, rows.of(name), name, tasks)).get_booster())
    return Learners(**found)


def _divided(spark: SparkSession, rows: Examples, name: str, tasks: int) -> DataFrame:
    """Returns a learner's examples as a data frame with one partition per task, always the same rows in each."""
    numbers = {"label": rows.labels[name], "margin": rows.margins[name], "weight": rows.weights}
    table = pa.table({**numbers, **dict(zip(INPUTS, rows.inputs.T, strict=True))})
    sent, size = spark.sparkContext.broadcast(table), -(-len(rows) // tasks)

    def part(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for place in batch.column("id").to_pylist():
                yield from sent.value.slice(place * size, size).to_batches(max_chunksize=100_000)

    return spark.range(0, tasks, 1, tasks).mapInArrow(part, from_arrow_schema(table.schema))


def _saved(booster: xgboost.Booster) -> bytes:
    return bytes(booster.save_raw("json"))
