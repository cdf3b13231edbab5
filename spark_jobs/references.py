"""A model's references: its prediction of every customer at its training date. Value tiers compare later predictions
with them.

The warehouse keeps references by model version, where they are erased, re-keyed and backed up with all other data of
customers. The model and its training data determine them completely, so they can be written again.
"""

from __future__ import annotations

import logging
from datetime import date
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

from clv.catalog import tables
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.warehouse.roles import MODELLER
from spark_jobs import score
from spark_jobs.ensemble import forecast
from spark_jobs.ensemble.forecast import Model, Setting
from spark_jobs.features.columns import usable
from spark_jobs.io import kept, parallel, slices
from spark_jobs.io.arrow import columns_of
from spark_jobs.io.kept import Kept
from spark_jobs.io.slices import Slice
from spark_jobs.models.anchor import OriginFit
from spark_jobs.scoring.rows import BLOCK

log = logging.getLogger("clv.train")
COLUMNS = [
    "model_version", "customer_key", "predicted_revenue", "discount_factor", "discount_rate", "historic_revenue",
]  # fmt: skip


@threadpool_limits.wrap(limits=1, user_api="blas")  # as in `score.predict`
def write(model: Model, training_date: date, run_id: str, settings: Settings) -> int:
    """Writes a model's references in one transaction and returns their number.

    The features are those at the training date, which the run `run_id` built. The caller holds the shared customer
    lock, so that a customer erased meanwhile cannot be written. Raises ClvError if there are no features of that date.
    """
    where, url = (
        {"training_date": training_date, "run_id": run_id, "as_of_date": training_date},
        settings.url_as(MODELLER),
    )
    rows = slices.count(tables.TRAINING_EXAMPLES, where, url)
    if not rows:
        raise ClvError(
            f"{tables.TRAINING_EXAMPLES} has no rows of {training_date} itself for run {run_id}; "
            "build the layer 'training' first"
        )
    parts = slices.partitions_for(rows)
    source = Slice(tables.TRAINING_EXAMPLES, where, parts, url)
    target = Slice(tables.REFERENCE_PREDICTIONS, {"model_version": model.version}, 1, url)
    written = 0
    with kept.keeping(parts) as features:
        found = score.shared_settings(source, features, model, training_date, settings)
        if found is None:
            return 0
        shared = Shared(features, model, *found, settings.shop.discount_rate)
        with (
            parallel.on_this_machine(shared, "a model's references were computed") as each,
            target.replacing(0, COLUMNS) as copy,
        ):
            for batches in each(_predicted, range(parts)):
                for batch in batches:
                    copy(batch)
                    written += batch.num_rows
    target.take_statistics()
    log.info("wrote %d references of %s", written, model.version)
    return written


class Shared(NamedTuple):
    """What the processes share: the features of the training date, the model, and what all its predictions share."""

    features: Kept
    model: Model
    fit: OriginFit
    common: dict[int, Setting]
    rate: float


def _predicted(shared: Shared, part: int) -> list[pa.RecordBatch]:
    return [
        predict(rows.slice(start, BLOCK), *shared[1:])
        for rows in shared.features.read(part)
        for start in range(0, rows.num_rows, BLOCK)
    ]


def predict(
    features: pa.RecordBatch, model: Model, fit: OriginFit, common: dict[int, Setting], rate: float
) -> pa.RecordBatch:
    """Returns the rows to write: each customer's prediction for the main horizon, rounded as in
    customer_predictions."""
    known = features.filter(pa.array(usable(columns_of(features))))
    columns = columns_of(known)
    found = forecast.forecast(model, fit, columns, common, rate)[model.horizons[-1]]
    arrays = [
        pa.array([model.version] * len(known)), known.column("customer_key"),
        pa.array(found.revenue.round(4)), pa.array(found.discount_factor.round(6)),
        pa.array(np.full(len(known), float(rate))), pa.array(columns["revenue_total"]),
    ]  # fmt: skip
    return pa.RecordBatch.from_arrays(arrays, COLUMNS)
