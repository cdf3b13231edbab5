"""Training on Spark: a classifier of buying and a regressor of what a buyer spends, over all closed windows.

One example is a customer at an origin and a horizon whose window had closed; all origins and horizons are pooled.
Each learner starts from the probabilistic forecast, moved to its origin's total: what is learned is the shape.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as sf
from scipy.special import logit

from clv.errors import ClvError
from clv.model_choice import LEARNING
from spark_jobs import examples, session
from spark_jobs.arrow import columns_of
from spark_jobs.examples import Columns, OriginFit
from spark_jobs.forecast import Learners, offsets

ROWS_OF_ONE_WORKER = 1_000_000
FEWEST_BUYERS = 100
PARAMETERS = LEARNING
INPUTS = list(examples.SHAPE)
EXAMPLE_SCHEMA = (
    "origin date, horizon int, window_end date, customer_key string, weight double, bought double, spent double, "
    "start_buy double, start_spend double, p double, buyer_value double, "
    + ", ".join(f"{name} float" for name in INPUTS)
)


def fit_origins(features: DataFrame) -> dict[date, OriginFit]:
    """The probabilistic models of each as_of_date among the rows, one date a task."""

    def fit(table: pa.Table) -> pa.Table:
        as_of_date = table.column("as_of_date")[0].as_py()
        found = examples.fit_origin(columns_of(table.combine_chunks().to_batches()[0]))
        return pa.table({"as_of_date": [as_of_date], "fit": [json.dumps(found.as_json())]})

    needed = features.select("as_of_date", "days_with_orders", "recency", "t", "order_value_mean")
    rows = needed.groupBy("as_of_date").applyInArrow(fit, "as_of_date date, fit string").collect()
    return {row.as_of_date: OriginFit.from_json(json.loads(row.fit)) for row in rows}


def labelled(names: list[str]) -> list[int]:
    """The horizons whose outcomes are among the columns, shortest first."""
    return sorted(int(name.removeprefix("orders_next_")) for name in names if name.startswith("orders_next_"))


def build_examples(features: DataFrame, fits: dict[date, OriginFit]) -> DataFrame:
    """Examples of EXAMPLE_SCHEMA from rows of features.training_examples, in one sorted partition per worker.

    The offsets are moved by a constant per origin and horizon to that window's own totals, so that its season and
    growth are not learned; sums are exact decimals, the same in any order.
    """

    horizons = labelled(features.columns)

    def make(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            columns, rest = columns_of(batch), batch.column("as_of_date").to_pylist()
            origins = np.array(rest, dtype="datetime64[D]")
            for origin in sorted(set(rest)):
                rows = (origins == np.datetime64(origin)) & (columns["days_with_orders"] >= 1)
                kept = {name: values[rows] for name, values in columns.items()}
                keys = batch.column("customer_key").filter(pa.array(rows))
                for horizon in horizons:
                    weight = horizon / horizons[-1]
                    yield from _examples(origin, horizon, fits[origin], kept, keys, weight)

    made = features.mapInArrow(make, EXAMPLE_SCHEMA).persist()
    money = "decimal(30,8)"
    levels = (
        made.groupBy("origin", "horizon")
        .agg(
            sf.count("*").alias("n"),
            sf.sum(sf.col("bought").cast("decimal(20,0)")).alias("buyers"),
            sf.sum(sf.col("p").cast(money)).alias("p"),
            sf.sum((sf.col("bought") * sf.col("spent")).cast(money)).alias("spent"),
            sf.sum((sf.col("bought") * sf.col("buyer_value")).cast(money)).alias("buyer_value"),
        )
        .collect()
    )
    moves = [(row.origin, row.horizon, *_moves(row)) for row in levels]
    moved = made.sparkSession.createDataFrame(
        moves or [(date.min, 0, 0.0, 0.0)], "origin date, horizon int, move_buy double, move_spend double"
    )
    return (
        made.join(sf.broadcast(moved), ["origin", "horizon"])
        .withColumn("margin_buy", sf.col("start_buy") + sf.col("move_buy"))
        .withColumn("margin_spend", sf.col("start_spend") + sf.col("move_spend"))
        .drop("move_buy", "move_spend")
    )


def ordered(data: DataFrame, workers: int) -> DataFrame:
    """The examples in one partition per worker, in the order of their key, kept for several fits."""
    parts = data.repartition(1) if workers == 1 else data.repartition(workers, "customer_key")
    return parts.sortWithinPartitions("origin", "horizon", "customer_key").persist()


def workers_for(spark: SparkSession, rows: int) -> int:
    """One worker, two above a million examples: by the examples alone, so that the model is the same on any machine.

    Raises ClvError where there are not as many slots.
    """
    workers = 1 if rows <= ROWS_OF_ONE_WORKER else 2
    if (slots := session.slots(spark)) < workers:
        raise ClvError(
            f"learning from {rows} examples takes {workers} cores, and Spark has {slots}: SPARK_MASTER=local[2]"
        )
    return workers


def train(data: DataFrame, closed_by: date, workers: int) -> Learners | None:
    """Both learners from examples whose windows closed by a date; None where they hold too few buyers to learn.

    `data` is what `ordered` made. The result depends on the examples alone.
    """
    from xgboost.spark import SparkXGBClassifier, SparkXGBRegressor

    closed = data.where(sf.col("window_end") <= sf.lit(closed_by))
    counts = closed.agg(sf.count("*").alias("n"), sf.sum("bought").alias("buyers")).first()
    if counts is None or (counts.buyers or 0) < FEWEST_BUYERS or counts.n - counts.buyers < FEWEST_BUYERS:
        return None

    common = {"features_col": INPUTS, "weight_col": "weight", "num_workers": workers, "verbose": False, **PARAMETERS}
    buy = SparkXGBClassifier(label_col="bought", base_margin_col="margin_buy", **common)
    spend = SparkXGBRegressor(label_col="spent", base_margin_col="margin_spend", objective="reg:gamma", **common)

    def fit(learner, rows: DataFrame) -> bytes:
        return bytes(learner.fit(rows).get_booster().save_raw("json"))

    with ThreadPoolExecutor(2 if session.slots(data.sparkSession) >= 2 * workers else 1) as pool:
        fits = [pool.submit(fit, buy, closed), pool.submit(fit, spend, closed.where("bought = 1"))]
        return Learners(*(done.result() for done in fits))


def _examples(
    origin: date, horizon: int, fit: OriginFit, columns: Columns, keys: pa.Array, weight: float
) -> Iterator[pa.RecordBatch]:
    closed = ~np.isnan(columns[f"orders_next_{horizon}"])
    if not closed.any():
        return
    columns = {name: values[closed] for name, values in columns.items()}
    said = examples.probabilistic(fit, columns, horizon)
    start_buy, start_spend = offsets(said)
    inputs = examples.shape(fit, columns, said, horizon)
    n = len(start_buy)
    bought = columns[f"orders_next_{horizon}"] > 0
    # A buyer whose refunds took everything back still bought: the spend of buyers has to be above nothing.
    spent = np.where(
        bought,
        np.maximum(columns[f"revenue_next_{horizon}"], 0.01 * said.order_value),
        np.maximum(columns[f"revenue_next_{horizon}"], 0),
    )
    arrays = [
        pa.array([origin] * n, pa.date32()),
        pa.array(np.full(n, horizon, np.int32)),
        pa.array([origin + timedelta(days=horizon)] * n, pa.date32()),
        keys.filter(pa.array(closed)),
        pa.array(np.full(n, weight)),
        pa.array(bought.astype(float)),
        pa.array(spent),
        pa.array(start_buy),
        pa.array(start_spend),
        pa.array(said.p_purchase),
        pa.array(np.exp(start_spend)),
        *(pa.array(inputs[:, column], from_pandas=False) for column in range(len(INPUTS))),
    ]
    names = [field.split()[0] for field in EXAMPLE_SCHEMA.split(", ")]
    yield pa.RecordBatch.from_arrays(arrays, names)


def _moves(row) -> tuple[float, float]:
    """What to add to an origin's offsets so that they meet its totals: in log-odds, and in logs."""
    share, said = (np.clip(float(total) / row.n, 1e-4, 1 - 1e-4) for total in (row.buyers, row.p))
    buyers_met = row.buyers and row.spent > 0 and row.buyer_value > 0
    spend = np.log(float(row.spent) / float(row.buyer_value)) if buyers_met else 0.0
    return float(logit(share) - logit(said)), float(spend)
