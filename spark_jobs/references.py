"""A model's references: its prediction of every customer at its training date. Value tiers compare later predictions
with them.

The warehouse keeps references by model version, where they are erased, re-keyed and backed up with all other data of
customers. The model and its training data determine them completely, so they can be written again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date

import pyarrow as pa
from pyspark.sql import SparkSession

from clv.catalog import tables
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.warehouse.roles import MODELLER
from spark_jobs import score
from spark_jobs.ensemble import forecast
from spark_jobs.ensemble.forecast import Model, Setting
from spark_jobs.features.columns import COLUMNS, USABLE
from spark_jobs.io import warehouse_io
from spark_jobs.io.arrow import columns_of
from spark_jobs.models.anchor import OriginFit

log = logging.getLogger("clv.train")
SCHEMA = (
    "model_version string, customer_key string, predicted_revenue double, discount_factor double, "
    "discount_rate double, historic_revenue double"
)


def write(spark: SparkSession, model: Model, training_date: date, run_id: str, settings: Settings) -> int:
    """Writes a model's references in one transaction and returns their number.

    The features are those at the training date, which the run `run_id` built. The caller holds the shared customer
    lock, so that a customer erased meanwhile cannot be written. Raises ClvError if there are no features of that date.
    """
    where = {"training_date": training_date, "run_id": run_id, "as_of_date": training_date}
    rows = warehouse_io.count(tables.TRAINING_EXAMPLES, where, settings.url_as(MODELLER))
    if not rows:
        raise ClvError(
            f"{tables.TRAINING_EXAMPLES} has no rows of {training_date} itself for run {run_id}; "
            "build the layer 'training' first"
        )
    parts = warehouse_io.partitions_for(rows)
    features = warehouse_io.read_slice(spark, settings, tables.TRAINING_EXAMPLES, COLUMNS, where, parts)
    known = features.where(USABLE).persist()
    found = score.shared_settings(known, model, training_date, settings)
    if found is None:
        return 0
    fit, common = found
    rate = settings.shop.discount_rate
    written = known.mapInArrow(lambda batches: predict(batches, model, fit, common, rate), SCHEMA)
    count = warehouse_io.replace_whole(
        written, settings, tables.REFERENCE_PREDICTIONS, {"model_version": model.version}
    )
    known.unpersist()
    log.info("wrote %d references of %s", count, model.version)
    return count


def predict(
    batches: Iterator[pa.RecordBatch], model: Model, fit: OriginFit, common: dict[int, Setting], rate: float
) -> Iterator[pa.RecordBatch]:
    """Yields rows of SCHEMA: each customer's prediction for the main horizon, rounded as in customer_predictions."""
    for batch in batches:
        if not batch.num_rows:
            continue
        columns = columns_of(batch)
        found = forecast.forecast(model, fit, columns, common, rate)[model.horizons[-1]]
        arrays = [
            pa.array([model.version] * batch.num_rows), batch.column("customer_key"),
            pa.array(found.revenue.round(4)), pa.array(found.discount_factor.round(6)),
            pa.array([float(rate)] * batch.num_rows), pa.array(columns["revenue_total"]),
        ]  # fmt: skip
        yield pa.RecordBatch.from_arrays(arrays, [field.split()[0] for field in SCHEMA.split(", ")])
