"""Baselines of a date: python -m spark_jobs.baselines --as-of D --run-id R --training-date T

What the forecast is measured against. Reads features.training_examples (training_date, run_id), windows closed by
the training date only, and features.customer_features (as_of_date, run_id); replaces that slice of
predictions.baseline_predictions and prints its facts as one line of JSON last. The results depend on the data alone.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from clv.catalog import tables
from clv.core import settings as settings_module
from clv.core.dates import parse_date
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.warehouse import model_choice
from clv.warehouse.roles import MODELLER
from spark_jobs.features import outcomes
from spark_jobs.features.columns import COLUMNS, USABLE, Columns
from spark_jobs.io import entry, session, warehouse_io
from spark_jobs.io.arrow import columns_of
from spark_jobs.models import baselines_btyd, baselines_learned
from spark_jobs.models import baselines_rules as rules
from spark_jobs.models.baselines_learned import Learned
from spark_jobs.models.baselines_rules import History, Rule, Said

log = logging.getLogger("clv.baselines")

MOST_ROWS = 200_000  # of training_examples; above it, a fixed share of the customers is learned from
FEWEST_BUYERS = 50  # and as many who did not buy: fewer teach a learner nothing
CERTAIN = 1e-6  # a chance is never said to be nearer to 0 or 1
WRITTEN_SCHEMA = (
    "as_of_date string, run_id string, customer_key string, horizon_days int, model string, "
    "p_purchase double, expected_orders double, predicted_mean double"
)

Reasons = dict[str, str]  # why a baseline is left out, by its name


def run(
    as_of: date,
    run_id: str,
    training_date: date,
    settings: Settings | None = None,
    horizons: Iterable[int] | None = None,
) -> dict[str, Any]:
    """Replaces the slice (as_of, run_id) of the baselines; returns the facts.

    horizons: days, by default the shop's. A baseline that could not be fitted has no rows, and `left_out` in the
    facts says why. Raises ClvError where the features or examples are missing, or tell what was not known by
    `training_date`.
    """
    settings = settings or settings_module.load()
    horizons = sorted(horizons or settings.horizons)
    where = {"as_of_date": as_of, "run_id": run_id}
    customers = warehouse_io.count(tables.CUSTOMER_FEATURES, where, settings.url_as(MODELLER))
    if not customers:
        raise ClvError(
            f"{tables.CUSTOMER_FEATURES} has no rows for {as_of}, run {run_id}; build the layer 'features' first"
        )
    if training_date > as_of:
        raise ClvError(f"the training date {training_date} is later than {as_of}, which is forecast; choose it earlier")
    rows = check_examples(training_date, run_id, settings)
    with session.running("baselines", settings, session.LEARNING) as spark:
        parts = warehouse_io.partitions_for(customers)
        features = warehouse_io.read_slice(spark, settings, tables.CUSTOMER_FEATURES, COLUMNS, where, parts)
        features = features.where(USABLE).persist()
        examples = read_examples(spark, settings, training_date, run_id, rows, horizons).persist()
        said, baselines, left_out = fit(features, examples, training_date, horizons)
        log.info("writing %s", tables.BASELINE_PREDICTIONS)
        written = said.mapInArrow(lambda batches: say(batches, baselines, as_of, run_id), WRITTEN_SCHEMA)
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
    """How many rows there are to learn from. Raises ClvError where they are missing or tell of a later time."""
    if not model_choice.training_origins(training_date, settings):
        return 0  # nothing has closed yet
    where = {"training_date": training_date, "run_id": run_id}
    rows = warehouse_io.count(tables.TRAINING_EXAMPLES, where, settings.url_as(MODELLER))
    if not rows:
        raise ClvError(
            f"{tables.TRAINING_EXAMPLES} has no rows for {training_date}, run {run_id}; "
            "build the layer 'training' first"
        )
    outcomes.refuse_open_windows(training_date, run_id, settings)
    return rows


def read_examples(
    spark: SparkSession, settings: Settings, training_date: date, run_id: str, rows: int, horizons: Iterable[int]
) -> DataFrame:
    """Rows of features.training_examples of customers with a purchase day; none where there are no `rows`."""
    followed = outcomes.columns(horizons)
    wanted = {**COLUMNS, **dict.fromkeys(followed, "double precision")}
    if not rows:
        spelled = {"text": "string", "double precision": "double"}
        return spark.createDataFrame([], ", ".join(f"{name} {spelled.get(as_, as_)}" for name, as_ in wanted.items()))
    where = {"training_date": training_date, "run_id": run_id}
    share = min(1.0, MOST_ROWS / rows)
    log.info("reading %d rows of %s (%.0f %%)", rows * share, tables.TRAINING_EXAMPLES, 100 * share)
    parts = warehouse_io.partitions_for(int(rows * share))
    read = warehouse_io.read_slice(spark, settings, tables.TRAINING_EXAMPLES, wanted, where, parts, share, followed)
    return read.where(USABLE)


def fit(
    features: DataFrame, examples: DataFrame, training_date: date, horizons: Iterable[int]
) -> tuple[DataFrame, dict[int, dict[str, Rule]], dict[int, Reasons]]:
    """All baselines at a date: the features with what the learned ones say of them, per horizon the rules that say
    the forecast from these rows, and who is left out, and why."""
    history = _history(examples)
    known = columns_of(_batch(features.select("days_with_orders", "recency", "t", "order_value_mean").toArrow()))
    said, examples = baselines_learned.inputs(features), baselines_learned.inputs(examples)
    baselines: dict[int, dict[str, Rule]] = {}
    left_out: dict[int, Reasons] = {}
    with ThreadPoolExecutor(2 if session.slots(features.sparkSession) >= 2 else 1) as pool:
        tasks = {name: pool.submit(baselines_btyd.fit, name, known) for name in baselines_btyd.MODELS}
        for horizon in horizons:
            named, reasons = rules.fit(history, horizon, training_date)
            columns, bought, spent = history.closed(horizon, training_date)
            learned, unlearned = {}, _too_few(bought, horizon, training_date)
            if not unlearned:
                learned, unlearned = learn(pool, examples, horizon, training_date)
                buyers = rules.fit_cells(*_where(bought > 0, columns, bought, spent))
                named |= {name: partial(read_learned, prefix=f"{name}_{horizon}", buyers=buyers) for name in learned}
            for add in learned.values():
                said = add(said)
            baselines[horizon], left_out[horizon] = named, reasons | unlearned
        fitted, failed = _finished(tasks)
    for horizon in horizons:
        baselines[horizon] |= {name: partial(model.say, horizon_days=horizon) for name, model in fitted.items()}
        left_out[horizon] |= failed
    return said.drop("logs", "plain", *baselines_learned.INPUTS), baselines, left_out


def learn(pool: Executor, examples: DataFrame, horizon: int, training_date: date) -> tuple[dict[str, Learned], Reasons]:
    """The learners that could be fitted to the closed windows of a horizon, and why the others could not."""
    closed = baselines_learned.closed(examples, horizon, training_date)
    log.info("learning from %d closed windows of %d days", closed.count(), horizon)  # now, not once per learner
    tasks = {
        name: pool.submit(learner, closed, f"{name}_{horizon}") for name, learner in baselines_learned.LEARNERS.items()
    }
    learned = _finished(tasks)
    closed.unpersist()
    return learned


def read_learned(columns: Columns, prefix: str, buyers: rules.Cells) -> Said:
    """What a learner said; of one that speaks of buying alone, the chance times what buyers of its RFM cell spend."""
    p = columns.get(f"{prefix}_p")
    if f"{prefix}_mean" in columns:
        return Said(columns[f"{prefix}_mean"], p)
    return Said(columns[f"{prefix}_p"] * buyers.say(columns).mean, p)


def say(
    batches: Iterator[pa.RecordBatch], baselines: dict[int, dict[str, Rule]], as_of: date, run_id: str
) -> Iterator[pa.RecordBatch]:
    """Rows of WRITTEN_SCHEMA: one per customer, horizon and baseline. What is no number counts as nothing expected."""
    names = [field.split()[0] for field in WRITTEN_SCHEMA.split(", ")]
    for batch in batches:
        columns, n = columns_of(batch), batch.num_rows
        for horizon, named in baselines.items():
            for name, rule in named.items():
                found = rule(columns)
                p = None if found.p is None else np.round(np.clip(found.p, CERTAIN, 1 - CERTAIN), 6)
                orders = None if found.orders is None else np.round(found.orders, 6)
                mean = np.round(np.maximum(np.nan_to_num(found.mean, posinf=0.0), 0), 4)
                texts = [pa.array([text] * n) for text in (as_of.isoformat(), run_id)]
                numbers = [pa.nulls(n, pa.float64()) if x is None else pa.array(x) for x in (p, orders, mean)]
                arrays = [*texts, batch.column("customer_key"), pa.array(np.full(n, horizon, np.int32)),
                          pa.array([name] * n), *numbers]  # fmt: skip
                yield pa.RecordBatch.from_arrays(arrays, names)


def _history(examples: DataFrame) -> History:
    """The examples as arrays, in the order of their key."""
    vectors = examples.toArrow().sort_by([("customer_key", "ascending"), ("as_of_date", "ascending")])
    batch = _batch(vectors)
    customer = batch.column("customer_key").dictionary_encode().indices.to_numpy(zero_copy_only=False)  # type: ignore[union-attr]
    origin = batch.column("as_of_date").cast(pa.int32()).to_numpy(zero_copy_only=False)
    return History(columns_of(batch), customer.astype(np.int64), origin.astype(np.int64))


def _batch(table: pa.Table) -> pa.RecordBatch:
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)


def _where(rows: np.ndarray, columns: Columns, *arrays: np.ndarray) -> tuple[Columns, *tuple[np.ndarray, ...]]:
    return {name: values[rows] for name, values in columns.items()}, *(array[rows] for array in arrays)


def _too_few(bought: np.ndarray, horizon: int, training_date: date) -> Reasons:
    """Why nothing can be learned, for every learner; empty where it can."""
    buyers, others = int(bought.sum()), int(len(bought) - bought.sum())
    if not len(bought):
        reason = f"no window of {horizon} days had closed by {training_date}"
    elif min(buyers, others) < FEWEST_BUYERS:
        reason = f"{buyers} customers bought in closed windows and {others} did not; it takes {FEWEST_BUYERS} of each"
    else:
        return {}
    return dict.fromkeys(baselines_learned.LEARNERS, reason)


def _finished(tasks: dict[str, Future]) -> tuple[dict[str, Any], Reasons]:
    """What tasks found, and for those that failed the reason: one baseline's failure leaves the others standing."""
    found, failed = {}, {}
    for name, task in tasks.items():
        try:
            found[name] = task.result()
        except Exception as error:  # noqa: BLE001 - Spark's and XGBoost's failures arrive in many types
            failed[name] = f"it could not be fitted: {(str(error).strip() or type(error).__name__).splitlines()[0]}"
            log.warning("%s: %s", name, failed[name])
    return found, failed


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m spark_jobs.baselines", description=__doc__)
    parser.add_argument("--as-of", required=True)
    parser.add_argument("--run-id", required=True)
    parser.add_argument("--training-date", required=True)
    asked = parser.parse_args(arguments)
    day, training_date = parse_date(asked.as_of, "--as-of"), parse_date(asked.training_date, "--training-date")
    return entry.main(lambda: run(day, asked.run_id, training_date))


if __name__ == "__main__":
    raise SystemExit(main())
