"""Scores the customers of a date: python -m spark_jobs.score --as-of D --run-id R --model-version V|none

Reads features.customer_features (as_of_date, run_id), replaces that slice of predictions.customer_predictions, and
prints its facts as JSON in the last line. With the model `none`, every customer gets the status too_little_data, with
the reason given by --status-reason.
"""

from __future__ import annotations

import argparse
import importlib
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from clv.catalog import tables
from clv.core import options
from clv.core import settings as settings_module
from clv.core.dates import parse_date
from clv.core.declared import LIFETIME
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.warehouse import db, registry
from clv.warehouse.roles import MODELLER
from spark_jobs.ensemble import forecast, model_files, new_customers, shop_history
from spark_jobs.ensemble.forecast import Model, Setting
from spark_jobs.features import purchases
from spark_jobs.features.columns import FEATURE_COLUMNS, Columns, usable
from spark_jobs.io import cores, entry, kept, slices
from spark_jobs.io.arrow import columns_of
from spark_jobs.io.kept import Kept
from spark_jobs.io.slices import Slice
from spark_jobs.models import anchor
from spark_jobs.models.anchor import OriginFit
from spark_jobs.scoring import in_process
from spark_jobs.scoring.rows import NO_ORDER, Job

log = logging.getLogger("clv.score")
NO_MODEL = "none"
# Number of customers above which a random sample determines the calibration and means of the date.
MOST_SAMPLED = 100_000
WORTH_A_CLUSTER = 50_000  # customers that take longer to score in one process than Spark takes to start
FITTED_TO = ("days_with_orders", "recency", "t", "order_value_mean")  # what the anchor is fitted to


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
    customers = slices.count(tables.CUSTOMER_FEATURES, where, settings.url_as(MODELLER))
    if not customers:
        raise ClvError(
            f"{tables.CUSTOMER_FEATURES} has no rows for {as_of}, run {run_id}; build the layer 'features' first"
        )
    if model_version == NO_MODEL:
        rows = write_too_little_data(settings, as_of, run_id, status_reason or "no model")
        log.info("wrote %d rows of status too_little_data: %s", rows, status_reason)
        return {"customers": customers, "rows": rows, "status": "too_little_data", "reason": status_reason}

    return predict(model_files.load(registry.files(model_version, settings)), as_of, run_id, settings)


# One thread in BLAS, because adding numbers in another order would fit a slightly different anchor.
@threadpool_limits.wrap(limits=1, user_api="blas")
def predict(model: Model, as_of: date, run_id: str, settings: Settings) -> dict[str, Any]:
    """Replaces the slice (as_of, run_id) with a model's predictions. Returns the facts of the job."""
    where, url = {"as_of_date": as_of, "run_id": run_id}, settings.url_as(MODELLER)
    customers = slices.count(tables.CUSTOMER_FEATURES, where, url)
    parts = slices.partitions_for(customers)
    source, target = (
        Slice(name, where, parts, url) for name in (tables.CUSTOMER_FEATURES, tables.CUSTOMER_PREDICTIONS)
    )
    spark = is_for_spark(customers)
    log.info("scoring %d customers %s", customers, "on Spark" if spark else "in this process")
    with kept.keeping(parts) as features:
        shared = shared_settings(source, features, model, as_of, settings)
        if shared is None:
            rows = write_too_little_data(settings, as_of, run_id, NO_ORDER)
            return {"customers": customers, "rows": rows, "status": "too_little_data", "reason": NO_ORDER}
        fit, common = shared
        remarks = forecast.remarks(model, common)
        for remark in remarks:
            log.warning("%s", remark)
        job = Job(as_of, run_id, model, fit, common, settings.shop.discount_rate)
        if spark:
            on_spark = importlib.import_module("spark_jobs.scoring.on_spark")  # takes long to import
            rows, average, explained = on_spark.score(source, job, target, settings)
        else:
            rows, average, explained = in_process.score(features, job, target)
    write_new_customers(as_of, run_id, model.horizons, settings)
    log.info("wrote %d rows of %s with model %s", rows, target.table, model.version)
    shares = (explained / average.customers).round(4).tolist()
    return {
        "customers": customers, "scored": average.customers, "rows": rows, "model_version": model.version,
        "basis": {str(h): model.basis(h) for h in model.all_horizons}, "fit": fit.as_json(),
        "level": {str(window): round(float(np.exp(found.calibration)), 4) for window, found in common.items()},
        "remarks": remarks, "mean_predicted_revenue": round(average.revenue, 2),
        "explained": dict(zip(("value", "risk"), shares, strict=True)),
    }  # fmt: skip


def is_for_spark(customers: int) -> bool:
    """Whether so many customers are scored on Spark. By default, this machine's cores are used without it."""
    spark = options.from_environment(options.Spark)
    if spark.from_customers is None:
        return customers >= WORTH_A_CLUSTER and not spark.master.startswith("local")
    return customers >= spark.from_customers


def shared_settings(
    source: Slice, features: Kept, model: Model, as_of: date, settings: Settings
) -> tuple[OriginFit, dict[int, Setting]] | None:
    """Reads the features of a date's customers from `source` and keeps them in `features`. Returns the anchor fitted to
    the customers with a purchase day, and what these customers share by window length. Returns None if there are no
    such customers."""

    wanted = model.features_read

    def read(part: int) -> Columns:
        features.write(part, source.read(part, wanted, purchases.MEANING).combine_chunks().to_batches())
        return {name: array for name, array in _known(features, part).items() if name in FITTED_TO}

    with ThreadPoolExecutor(cores.allowed()) as pool:
        fitted = list(pool.map(read, range(source.parts)))
        revenue = pool.submit(shop_history.daily_revenue, as_of, settings.url_as(MODELLER))
        ends, everyone = np.cumsum([len(columns["t"]) for columns in fitted]), _joined(fitted)
        if not ends[-1]:
            return None
        fit, daily = anchor.fit_origin(everyone), revenue.result()
    drawn = np.arange(ends[-1])
    if len(drawn) > MOST_SAMPLED:
        drawn = np.sort(np.random.default_rng(as_of.toordinal()).choice(len(drawn), MOST_SAMPLED, replace=False))
    sampled: list[Columns] = []
    for part, rows in enumerate(np.split(drawn, np.searchsorted(drawn, ends[:-1]))):
        start = ends[part] - len(fitted[part]["t"])
        sampled.append({name: array[rows - start] for name, array in _known(features, part).items()})
    fit = forecast.looking_ahead(model, fit, everyone, daily, as_of)
    return fit, forecast.settings_of(model, fit, _joined(sampled), daily, as_of)


def _known(features: Kept, part: int) -> Columns:
    """Returns the columns of a part's customers with a purchase day."""
    found = [columns_of(batch) for batch in features.read(part)] or [{name: np.zeros(0) for name in FEATURE_COLUMNS}]
    columns = _joined(found)
    rows = usable(columns)
    return {name: array[rows] for name, array in columns.items()}


def _joined(parts: list[Columns]) -> Columns:
    parts = [part for part in parts if len(part["t"])] or parts[:1]  # an empty part may lack columns that are read
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


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
