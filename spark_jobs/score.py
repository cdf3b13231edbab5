"""Scores the customers of a date: python -m spark_jobs.score --as-of D --run-id R --model-version V|none

Reads features.customer_features (as_of_date, run_id), replaces that slice of predictions.customer_predictions, and
prints its facts as JSON in the last line. With the model `none`, every customer gets the status too_little_data, with
the reason given by --status-reason.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from clv.catalog import tables
from clv.core import settings as settings_module
from clv.core.dates import parse_date
from clv.core.declared import LIFETIME
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.warehouse import db, registry
from clv.warehouse.roles import MODELLER
from spark_jobs.ensemble import forecast, model_files, new_customers, shop_history
from spark_jobs.ensemble.forecast import Forecast, Model, Setting
from spark_jobs.explain import explaining, reasons
from spark_jobs.explain.explaining import Averages
from spark_jobs.features.columns import COLUMNS, USABLE, Columns, usable
from spark_jobs.io import entry, session, warehouse_io
from spark_jobs.io.arrow import columns_of
from spark_jobs.models import learning
from spark_jobs.models.anchor import OriginFit

log = logging.getLogger("clv.score")
NO_MODEL = "none"
# Number of customers above which a random sample determines the calibration and means of the date.
MOST_SAMPLED = 100_000
NO_ORDER = "no day that brought money before the date"
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
WRITTEN_SCHEMA = (
    "as_of_date string, run_id string, "
    + PREDICTED_SCHEMA.rpartition(", explained")[0]
    + ", reasons string, risk_reasons string, model_version string"
)


def run(
    as_of: date,
    run_id: str,
    model_version: str = NO_MODEL,
    status_reason: str | None = None,
    settings: Settings | None = None,
) -> dict[str, Any]:
    """Replaces the slice (as_of, run_id) of the predictions. Returns the facts of the job. Raises ClvError without
    features."""
    settings = settings or settings_module.load()
    where = {"as_of_date": as_of, "run_id": run_id}
    customers = warehouse_io.count(tables.CUSTOMER_FEATURES, where, settings.url_as(MODELLER))
    if not customers:
        raise ClvError(
            f"{tables.CUSTOMER_FEATURES} has no rows for {as_of}, run {run_id}; build the layer 'features' first"
        )
    if model_version == NO_MODEL:
        rows = write_too_little_data(settings, as_of, run_id, status_reason or "no model")
        log.info("wrote %d rows of status too_little_data: %s", rows, status_reason)
        return {"customers": customers, "rows": rows, "status": "too_little_data", "reason": status_reason}

    return predict(model_files.load(registry.files(model_version, settings)), as_of, run_id, settings)


def predict(model: Model, as_of: date, run_id: str, settings: Settings) -> dict[str, Any]:
    """Replaces the slice (as_of, run_id) with a model's predictions. Returns the facts of the job."""
    where = {"as_of_date": as_of, "run_id": run_id}
    customers = warehouse_io.count(tables.CUSTOMER_FEATURES, where, settings.url_as(MODELLER))
    with session.running("score", settings) as spark:
        log.info("reading %d rows of %s", customers, tables.CUSTOMER_FEATURES)
        parts = warehouse_io.partitions_for(customers)
        features = warehouse_io.read_slice(spark, settings, tables.CUSTOMER_FEATURES, COLUMNS, where, parts).persist()
        known = features.where(USABLE)
        shared = shared_settings(known, model, as_of, settings)
        if shared is None:
            rows = write_too_little_data(settings, as_of, run_id, NO_ORDER)
            return {"customers": customers, "rows": rows, "status": "too_little_data", "reason": NO_ORDER}
        fit, common = shared
        rate = settings.shop.discount_rate
        scored = features.mapInArrow(
            lambda batches: predicted(batches, model, fit, common, rate), PREDICTED_SCHEMA
        ).persist()
        average = explaining.averages(scored)
        written = scored.mapInArrow(
            lambda batches: give_reasons(batches, average, as_of, run_id, model), WRITTEN_SCHEMA
        )
        rows = warehouse_io.replace_slice(written, settings, tables.CUSTOMER_PREDICTIONS, where, parts)
        write_new_customers(as_of, run_id, model.horizons, settings)
        scored.unpersist()
        features.unpersist()
    log.info("wrote %d rows of %s with model %s", rows, tables.CUSTOMER_PREDICTIONS, model.version)
    return {
        "customers": customers, "scored": average.customers, "rows": rows, "model_version": model.version,
        "basis": {str(h): model.basis(h) for h in model.all_horizons}, "fit": fit.as_json(),
        "level": {str(window): round(float(np.exp(found.calibration)), 4) for window, found in common.items()},
        "mean_predicted_revenue": round(average.revenue, 2),
        "explained": explaining.shares_explained(where, model.horizons[-1], settings),
    }  # fmt: skip


def write_new_customers(as_of: date, run_id: str, horizons: list[int], settings: Settings) -> None:
    """Replaces the slice (as_of, run_id) of the forecast of customers whom the shop will still gain."""
    url = settings.url_as(MODELLER)
    found = new_customers.expected(shop_history.new_customers(as_of, max(horizons), url), horizons)
    rows = [
        (as_of, run_id, horizon, *np.round([*expected.customers, *expected.revenue], 4).tolist())
        for horizon, expected in found.items()
    ]
    with db.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(f"delete from {tables.NEW_CUSTOMERS} where as_of_date = %s and run_id = %s", (as_of, run_id))  # type: ignore[arg-type]  # noqa: S608 - our own names
        cursor.executemany(f"insert into {tables.NEW_CUSTOMERS} values (%s, %s, %s, %s, %s, %s, %s, %s, %s)", rows)  # type: ignore[arg-type]  # noqa: S608 - our own names


def shared_settings(
    known: DataFrame, model: Model, as_of: date, settings: Settings
) -> tuple[OriginFit, dict[int, Setting]] | None:
    """Returns the anchor fitted to a date's customers with a purchase day, and what these customers share by window
    length. Returns None if there are no such customers."""
    fits = learning.fit_origins(known)
    if as_of not in fits:
        return None
    fit = fits[as_of].fit
    daily = shop_history.daily_revenue(as_of, settings.url_as(MODELLER))
    return fit, forecast.settings_of(model, fit, learning.panel(known, MOST_SAMPLED)[as_of], daily, as_of)


def predicted(
    batches: Iterator[pa.RecordBatch], model: Model, fit: OriginFit, common: dict[int, Setting], rate: float
) -> Iterator[pa.RecordBatch]:
    """Yields rows of PREDICTED_SCHEMA: each customer's predictions, and for the main horizon the drivers behind
    them."""
    for batch in batches:
        columns = columns_of(batch)
        known = usable(columns)
        keys = batch.column("customer_key")
        yield from _unknown(keys.filter(pa.array(~known)), model.all_horizons)
        columns, keys = {name: values[known] for name, values in columns.items()}, keys.filter(pa.array(known))
        if not len(keys):
            continue
        for horizon, forecasted in forecast.forecast(model, fit, columns, common, rate).items():
            yield _scored(keys, horizon, forecasted, model, fit, columns)


def give_reasons(
    batches: Iterator[pa.RecordBatch], average: Averages, as_of: date, run_id: str, model: Model
) -> Iterator[pa.RecordBatch]:
    """Yields rows of WRITTEN_SCHEMA, in which the drivers of the main horizon's prediction have become reasons: texts
    with their effects."""
    for batch in batches:
        n = batch.num_rows
        reasons: tuple[list[str | None], list[str | None]] = ([None] * n, [None] * n)
        known = np.flatnonzero(batch.column("explained").is_valid().to_numpy(zero_copy_only=False))
        if len(known):
            kept = batch.take(pa.array(known))
            for texts, given in zip(reasons, explaining.give_reasons(kept, average, model.horizons[-1]), strict=True):
                for row, text in zip(known, given, strict=True):
                    texts[row] = text
        scored = batch.column("status").to_pylist()
        versions = [model.version if status == "scored" else None for status in scored]
        kept_columns = [batch.column(i) for i in range(batch.schema.get_field_index("explained"))]
        arrays = [pa.array([as_of.isoformat()] * n), pa.array([run_id] * n), *kept_columns]
        arrays += [pa.array(texts, pa.string()) for texts in (*reasons, versions)]
        yield pa.RecordBatch.from_arrays(arrays, [field.split()[0] for field in WRITTEN_SCHEMA.split(", ")])


def write_too_little_data(settings: Settings, as_of: date, run_id: str, reason: str) -> int:
    """Writes the slice of a shop that has too little data for a model: every customer with the reason, in one
    transaction. Returns the number of rows."""
    with db.connect(settings.url_as(MODELLER)) as connection:
        condition = "as_of_date = %(as_of)s and run_id = %(run_id)s"
        values = {"as_of": as_of, "run_id": run_id, "reason": reason, "horizons": [*settings.horizons, LIFETIME]}
        for table in (tables.CUSTOMER_PREDICTIONS, tables.NEW_CUSTOMERS):
            connection.execute(f"delete from {table} where {condition}", values)  # type: ignore[arg-type]  # noqa: S608 - our own SQL; values are bound or quoted
        written = connection.execute(
            f"""
            insert into {tables.CUSTOMER_PREDICTIONS}
                (as_of_date, run_id, customer_key, horizon_days, status, status_reason)
            select as_of_date, run_id, customer_key, horizon_days, 'too_little_data', %(reason)s
            from {tables.CUSTOMER_FEATURES} cross join unnest(%(horizons)s::int[]) as horizon_days
            where {condition}
            """,  # type: ignore[arg-type]  # noqa: S608 - our own SQL; values are bound or quoted
            values,
        )
        return written.rowcount


def _scored(
    keys: pa.Array, horizon: int, found: Forecast, model: Model, fit: OriginFit, columns: Columns
) -> pa.RecordBatch:
    n = len(keys)
    numbers = [
        np.round(found.p_alive, 6), np.round(found.p_purchase, 6), np.round(found.expected_orders, 6),
        *(np.round(money, 4) for money in (found.revenue, found.p10, found.p50, found.p90)),
        np.round(found.discount_factor, 6), found.days_to_next_order,
        np.round(found.own_spread, 4), np.full(n, found.total_spread), np.full(n, found.group_spread),
    ]  # fmt: skip
    persona, explained, rule = pa.nulls(n, pa.string()), pa.nulls(n, pa.list_(pa.float64())), pa.nulls(n, pa.string())
    if horizon == model.horizons[-1]:
        if model.personas:
            persona = pa.array(model.personas.of(columns), pa.string())
        rows = explaining.explained(model, fit, columns, horizon, found)
        explained = pa.ListArray.from_arrays(np.arange(n + 1, dtype=np.int32) * explaining.SIZE, rows.ravel())
        rule = pa.array(reasons.rule(model, fit, columns, horizon) or [None] * n, pa.string())
    return _batch(keys, [horizon] * n, "scored", None, found.basis, numbers, persona, explained, rule)


def _unknown(keys: pa.Array, horizons: list[int]) -> Iterator[pa.RecordBatch]:
    """Yields rows of the customers who have features but no purchase day before the date, and so get no prediction."""
    if len(keys):
        n = len(keys) * len(horizons)
        repeated = keys.take(pa.array(np.repeat(np.arange(len(keys)), len(horizons))))
        no_text, explained = pa.nulls(n, pa.string()), pa.nulls(n, pa.list_(pa.float64()))
        everyone = horizons * len(keys)
        yield _batch(repeated, everyone, "too_little_data", NO_ORDER, None, None, no_text, explained, no_text)


def _batch(keys, horizons, status, reason, basis, numbers, persona, explained, rule) -> pa.RecordBatch:
    n = len(keys)
    arrays = [keys, pa.array(horizons, pa.int32()), pa.array([status] * n, pa.string())]
    arrays += [pa.array([text] * n, pa.string()) for text in (reason, basis)]
    arrays += (
        [pa.array(x, from_pandas=True) for x in numbers] if numbers else [pa.nulls(n, pa.float64())] * len(NUMBERS)
    )
    names = [field.split()[0] for field in PREDICTED_SCHEMA.split(", ")]
    return pa.RecordBatch.from_arrays([*arrays, persona, explained, rule], names)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m spark_jobs.score", description=__doc__)
    parser.add_argument("--as-of", required=True)
    parser.add_argument("--run-id", required=True)
    parser.add_argument("--model-version", required=True, help=f"a registered version, or {NO_MODEL}")
    parser.add_argument("--status-reason", help=f"the rule not met, with --model-version {NO_MODEL}")
    parsed = parser.parse_args(arguments)
    day = parse_date(parsed.as_of, "--as-of")
    return entry.main(lambda: run(day, parsed.run_id, parsed.model_version, parsed.status_reason))


if __name__ == "__main__":
    raise SystemExit(main())
