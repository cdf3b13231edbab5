"""Turns the features of customers into the rows of predictions, in two passes. The reasons need the second pass,
because they compare each customer with the average customer of the date. Pure functions on Arrow data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs.ensemble import forecast
from spark_jobs.ensemble.forecast import Forecast, Model, Setting
from spark_jobs.ensemble.parts import Parts
from spark_jobs.explain import explaining, reasons
from spark_jobs.explain.explaining import Averages, Sums
from spark_jobs.features.columns import Columns, usable
from spark_jobs.io.arrow import columns_of
from spark_jobs.models.anchor import OriginFit

NO_ORDER = "no day that brought money before the date"
BLOCK = 20_000  # customers that are computed together; their arrays should fit into the processor's cache
NUMBERS = [
    "p_alive", "p_purchase", "expected_orders", "predicted_revenue",
    "predicted_p10", "predicted_p50", "predicted_p90", "discount_factor", "days_to_next_order",
    "own_spread", "total_spread", "group_spread",
]  # fmt: skip
PREDICTED_SCHEMA = (
    "customer_key string, horizon_days int, status string, status_reason string, basis string, "
    + ", ".join(f"{name} double" for name in NUMBERS)
    + ", persona string, explained array<double>, rule string"
)
PREDICTED = [field.split()[0] for field in PREDICTED_SCHEMA.split(", ")]
KEPT = PREDICTED[: PREDICTED.index("explained")]
WRITTEN = ["as_of_date", "run_id", *KEPT, "reasons", "risk_reasons", "model_version"]


@dataclass(frozen=True)
class Job:
    """What all rows of a scoring share: the slice, the model, the anchor fitted to the date's customers, what these
    customers share by window length, and the discount rate per year."""

    as_of: date
    run_id: str
    model: Model
    fit: OriginFit
    common: dict[int, Setting]
    rate: float


def predicted(features: Iterable[pa.RecordBatch], job: Job) -> Iterator[pa.RecordBatch]:
    """Yields rows of PREDICTED_SCHEMA: each customer's predictions, and for the main horizon the drivers behind
    them."""
    for batch in (rows.slice(start, BLOCK) for rows in features for start in range(0, rows.num_rows, BLOCK)):
        columns, keys = columns_of(batch), batch.column("customer_key")
        known = usable(columns)
        yield from _unknown(keys.filter(pa.array(~known)), job.model.all_horizons)
        columns, keys = {name: values[known] for name, values in columns.items()}, keys.filter(pa.array(known))
        if not len(keys):
            continue
        parts = forecast.parts_by_window(job.model, job.fit, columns)
        forecasts = forecast.forecast(job.model, job.fit, columns, job.common, job.rate, parts)
        for horizon, found in forecasts.items():
            yield _scored(keys, horizon, found, job, columns, parts)


def sums(batches: Iterable[pa.RecordBatch]) -> Sums:
    """Returns the sums of rows of PREDICTED_SCHEMA that the average customers need."""
    return sum((explaining.sums(batch) for batch in map(_explained, batches)), Sums())


def with_reasons(batch: pa.RecordBatch, average: Averages, job: Job) -> tuple[pa.RecordBatch, np.ndarray]:
    """Returns the rows to write, with the columns WRITTEN, in which the drivers of the main horizon's prediction have
    become reasons: texts with their effects. Returns also the number of customers whose named reasons explain more than
    half of their difference from the mean, for the value and for the risk."""
    n, counts = batch.num_rows, np.zeros(2, int)
    texts = np.full((2, n), None, object)
    known = np.flatnonzero(batch.column("explained").is_valid().to_numpy(zero_copy_only=False))
    if len(known):
        found = explaining.give_reasons(_explained(batch), average, job.model.horizons[-1])
        for place, (written, explained) in enumerate(found):
            texts[place, known], counts[place] = written, explained
    scored = pc.equal(batch.column("status"), "scored")  # type: ignore[attr-defined]
    version = pc.if_else(scored, job.model.version, pa.scalar(None, pa.string()))  # type: ignore[attr-defined]
    arrays = [pa.repeat(job.as_of.isoformat(), n), pa.repeat(job.run_id, n), *map(batch.column, KEPT)]
    arrays += [*(pa.array(each, pa.string()) for each in texts), version]
    return pa.RecordBatch.from_arrays(arrays, WRITTEN), counts


def _explained(batch: pa.RecordBatch) -> pa.RecordBatch:
    explained = batch.column("explained")
    return batch.filter(explained.is_valid()) if explained.null_count else batch


def _scored(
    keys: pa.Array, horizon: int, found: Forecast, job: Job, columns: Columns, parts: dict[int, Parts]
) -> pa.RecordBatch:
    n, model = len(keys), job.model
    numbers = [
        np.round(found.p_alive, 6), np.round(found.p_purchase, 6), np.round(found.expected_orders, 6),
        *(np.round(money, 4) for money in (found.revenue, found.p10, found.p50, found.p90)),
        np.round(found.discount_factor, 6), found.days_to_next_order,
        np.round(found.own_spread, 4), np.full(n, found.total_spread), np.full(n, found.group_spread),
    ]  # fmt: skip
    persona, explained, rule = pa.nulls(n, pa.string()), pa.nulls(n, pa.list_(pa.float64())), pa.nulls(n, pa.string())
    if horizon == model.horizons[-1]:
        own = parts[model.base(horizon) or horizon]
        if model.personas:
            persona = pa.array(model.personas.of(columns), pa.string())
        rows = explaining.explained(model, job.fit, columns, horizon, found, own)
        ends = np.arange(n + 1, dtype=np.int32) * explaining.SIZE
        explained = pa.ListArray.from_arrays(ends, rows.ravel())
        rule = pa.array(reasons.rule(model, columns, horizon, own) or [None] * n, pa.string())
    everyone = pa.repeat(pa.scalar(horizon, pa.int32()), n)
    return _batch(keys, everyone, "scored", None, found.basis, numbers, persona, explained, rule)


def _unknown(keys: pa.Array, horizons: list[int]) -> Iterator[pa.RecordBatch]:
    """Yields rows of the customers who have features but no purchase day before the date, and so get no prediction."""
    if len(keys):
        n = len(keys) * len(horizons)
        repeated = keys.take(pa.array(np.repeat(np.arange(len(keys)), len(horizons))))
        no_text, explained = pa.nulls(n, pa.string()), pa.nulls(n, pa.list_(pa.float64()))
        everyone = pa.array(horizons * len(keys), pa.int32())
        yield _batch(repeated, everyone, "too_little_data", NO_ORDER, None, None, no_text, explained, no_text)


def _batch(keys, horizons, status, reason, basis, numbers, persona, explained, rule) -> pa.RecordBatch:
    n = len(keys)
    arrays = [keys, horizons, *(pa.repeat(pa.scalar(text, pa.string()), n) for text in (status, reason, basis))]
    arrays += (
        [pa.array(x, from_pandas=True) for x in numbers] if numbers else [pa.nulls(n, pa.float64())] * len(NUMBERS)
    )
    return pa.RecordBatch.from_arrays([*arrays, persona, explained, rule], PREDICTED)
