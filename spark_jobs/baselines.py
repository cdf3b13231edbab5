"""Fits the baselines and predicts the customers of a date: python -m spark_jobs.baselines --as-of D --run-id R
--training-date T

Baselines are the simpler forecasters that the blend is compared with. The job reads features.training_examples
(training_date, run_id), of which only windows closed by the training date, and features.customer_features (as_of_date,
run_id). It replaces that slice of predictions.baseline_predictions and prints its facts as JSON in the last line. The
results depend on the data alone.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Container, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema
from threadpoolctl import threadpool_limits

from clv.catalog import tables
from clv.core import settings as settings_module
from clv.core.dates import parse_date
from clv.core.declared import ANCHOR
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.warehouse import model_choice
from clv.warehouse.roles import MODELLER
from spark_jobs.features import outcomes, purchases
from spark_jobs.features.columns import COLUMNS, USABLE
from spark_jobs.io import entry, session, slices, warehouse_io
from spark_jobs.io.arrow import columns_of
from spark_jobs.models import registry
from spark_jobs.models.forecaster import Customers, Json, Past

log = logging.getLogger("clv.baselines")

LEAST_PROBABILITY = 1e-6  # predicted probabilities are clipped to [LEAST_PROBABILITY, 1 - LEAST_PROBABILITY]
MEDIAN = 0.5
WRITTEN_SCHEMA = (
    "as_of_date string, run_id string, customer_key string, horizon_days int, model string, "
    "p_purchase double, expected_orders double, predicted_mean double, predicted_p50 double"
)

Baselines = dict[int, dict[str, Json]]  # fitted baselines as JSON, by horizon (days) and name


def run(
    as_of: date,
    run_id: str,
    training_date: date,
    settings: Settings | None = None,
    horizons: Iterable[int] | None = None,
) -> dict[str, Any]:
    """Replaces the slice (as_of, run_id) of the baselines' predictions. Returns the facts of the job.

    horizons: days, by default the shop's. A baseline that could not be fitted has no rows, and `left_out` in the facts
    gives the reason. Raises ClvError if the features or examples are missing, or if they contain data that was not
    known by `training_date`.
    """
    settings = settings or settings_module.load()
    horizons = sorted(horizons or settings.horizons)
    where = {"as_of_date": as_of, "run_id": run_id}
    customers = slices.count(tables.CUSTOMER_FEATURES, where, settings.url_as(MODELLER))
    if not customers:
        raise ClvError(
            f"{tables.CUSTOMER_FEATURES} has no rows for {as_of}, run {run_id}; build the layer 'features' first"
        )
    if training_date > as_of:
        raise ClvError(f"the training date {training_date} is later than {as_of}, which is forecast; choose it earlier")
    rows = check_examples(training_date, run_id, settings)
    with session.running("baselines", settings, session.LEARNING) as spark:
        parts, contestants = slices.partitions_for(customers), registry.listed(settings.contestants)
        columns = COLUMNS | registry.columns_read(filter(registry.loads, names(contestants)))
        features = warehouse_io.read_slice(
            spark, settings, tables.CUSTOMER_FEATURES, columns, where, parts, purchases.MEANING
        )
        features = features.where(USABLE).persist()
        examples = read_examples(spark, settings, training_date, run_id, rows, horizons, columns).persist()
        baselines, left_out = fit(features, examples, training_date, horizons, contestants)
        log.info("writing %s", tables.BASELINE_PREDICTIONS)
        written = features.mapInArrow(lambda batches: predict(batches, baselines, as_of, run_id), WRITTEN_SCHEMA)
        count = warehouse_io.replace_slice(written, settings, tables.BASELINE_PREDICTIONS, where, parts)
        examples.unpersist()
        features.unpersist()
    log.info("wrote %d rows of %s", count, tables.BASELINE_PREDICTIONS)
    return {
        "customers": customers, "examples": rows, "rows": count,
        "models": {str(horizon): list(named) for horizon, named in baselines.items()},
        "left_out": {str(horizon): reasons for horizon, reasons in left_out.items() if reasons},
    }  # fmt: skip


def check_examples(training_date: date, run_id: str, settings: Settings) -> int:
    """Returns the number of rows to learn from. Raises ClvError if they are missing or contain data from after the
    training date."""
    if not model_choice.training_origins(training_date, settings):
        return 0  # no window has closed yet
    where = {"training_date": training_date, "run_id": run_id}
    rows = slices.count(tables.TRAINING_EXAMPLES, where, settings.url_as(MODELLER))
    if not rows:
        raise ClvError(
            f"{tables.TRAINING_EXAMPLES} has no rows for {training_date}, run {run_id}; "
            "build the layer 'training' first"
        )
    outcomes.refuse_open_windows(training_date, run_id, settings)
    return rows


def read_examples(
    spark: SparkSession,
    settings: Settings,
    training_date: date,
    run_id: str,
    rows: int,
    horizons: Iterable[int],
    columns: dict[str, str],
) -> DataFrame:
    """Reads the customers that features.training_examples has drawn at each origin; returns an empty data frame if
    `rows` is 0. columns: features to read beside the outcomes, each with its type."""
    followed = outcomes.columns(horizons)
    wanted = {**columns, **dict.fromkeys(followed, "double precision")}
    if not rows:
        return spark.createDataFrame([], from_arrow_schema(slices.schema_of(wanted)))
    where = {"training_date": training_date, "run_id": run_id}
    parts, meaning = slices.partitions_for(rows), followed | purchases.MEANING
    read = warehouse_io.read_slice(spark, settings, tables.TRAINING_EXAMPLES, wanted, where, parts, meaning)
    return read.where(USABLE).where(f"as_of_date < '{training_date}'")


def names(contestants: Container[str] = ()) -> list[str]:
    """Returns the names of the baselines: all forecasters except the anchor, which is part of the blend, and those that
    are optional, unless they are among the shop's contestants."""
    found = [name for name in registry.names() if name != ANCHOR]
    return [name for name in found if name in contestants or not registry.is_optional(name)]


# One thread, as in `train.fit`. The limit is the whole process's, so no fit sets one while another runs beside it.
@threadpool_limits.wrap(limits=1, user_api="blas")
def fit(
    features: DataFrame,
    examples: DataFrame,
    training_date: date,
    horizons: Iterable[int],
    contestants: Container[str] = (),
) -> tuple[Baselines, dict[int, dict[str, str]]]:
    """Fits the baselines at a date. Returns, by horizon, the fitted baselines, and the reasons of those that could not
    be fitted. contestants: the shop's, see `names`; the warnings name that setting."""
    known = columns_of(_batch(features.toArrow()))
    # Sort by key, so that the fits do not depend on the order in which Spark returns rows.
    rows = examples.toArrow().sort_by([("customer_key", "ascending"), ("as_of_date", "ascending")])
    columns, customer = columns_of(_batch(rows)), np.array(rows.column("customer_key").to_pylist(), dtype=object)
    origin = _batch(rows).column("as_of_date").cast(pa.int32()).to_numpy(zero_copy_only=False).astype(np.int64)
    baselines: Baselines = {}
    left_out: dict[int, dict[str, str]] = {}
    wanted = names(contestants)
    with ThreadPoolExecutor(2 if session.slots(features.sparkSession) >= 2 else 1) as pool:
        for horizon in horizons:
            past = Past(horizon, training_date, columns, customer, origin, known)
            found = list(pool.map(lambda name, past=past: registry.fit([name], past, contestants), wanted))
            baselines[horizon] = {name: one for fitted, _ in found for name, one in fitted.items()}
            left_out[horizon] = {name: why for _, reasons in found for name, why in reasons.items()}
    return baselines, left_out


def predict(
    batches: Iterator[pa.RecordBatch], baselines: Baselines, as_of: date, run_id: str
) -> Iterator[pa.RecordBatch]:
    """Yields rows of WRITTEN_SCHEMA: one per customer, horizon and baseline."""
    fitted = {
        (horizon, name): registry.read(name, saved)
        for horizon, named in baselines.items()
        for name, saved in named.items()
    }
    columns = [field.split()[0] for field in WRITTEN_SCHEMA.split(", ")]
    for batch in batches:
        n = batch.num_rows
        for (horizon, name), one in fitted.items():
            found = registry.predict(name, one, Customers(columns_of(batch), horizon))
            p = (
                None
                if found.chance is None
                else np.round(np.clip(found.chance, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY), 6)
            )
            orders = None if found.orders is None else np.round(found.orders, 6)
            median = found.quantiles.get(MEDIAN)
            numbers = (p, orders, np.round(found.mean, 4), None if median is None else np.round(median, 4))
            arrays = [
                *(pa.array([text] * n) for text in (as_of.isoformat(), run_id)), batch.column("customer_key"),
                pa.array(np.full(n, horizon, np.int32)), pa.array([name] * n),
                *(pa.nulls(n, pa.float64()) if x is None else pa.array(x) for x in numbers),
            ]  # fmt: skip
            yield pa.RecordBatch.from_arrays(arrays, columns)


def _batch(table: pa.Table) -> pa.RecordBatch:
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m spark_jobs.baselines", description=__doc__)
    parser.add_argument("--as-of", required=True)
    parser.add_argument("--run-id", required=True)
    parser.add_argument("--training-date", required=True)
    parsed = parser.parse_args(arguments)
    day, training_date = parse_date(parsed.as_of, "--as-of"), parse_date(parsed.training_date, "--training-date")
    return entry.main(lambda: run(day, parsed.run_id, training_date))


if __name__ == "__main__":
    raise SystemExit(main())
