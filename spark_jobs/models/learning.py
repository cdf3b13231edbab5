"""Training on Spark: fits the anchor at every origin, builds examples from closed windows, and trains the boosted
learners on the examples.

One example is a customer at an origin, with the outcome of one closed window. Each origin is one Spark task. The
offsets of a window's examples are shifted so that they sum to its actual total; the learners therefore do not learn the
season or growth of the window.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as sf
from xgboost.spark import SparkXGBClassifier, SparkXGBRegressor

from clv.core.errors import ClvError
from clv.warehouse.model_choice import LEARNERS, Parameters
from spark_jobs.features import outcomes
from spark_jobs.features.columns import Array, Columns
from spark_jobs.io import session
from spark_jobs.io.arrow import columns_of
from spark_jobs.models import anchor
from spark_jobs.models.anchor import OriginFit
from spark_jobs.models.feature_matrix import FEATURES, feature_matrix
from spark_jobs.models.learners import NAMES, Learners, offsets
from spark_jobs.models.log_odds import shift_to

ROWS_OF_ONE_WORKER = 1_000_000
CUSTOMERS_PER_ORIGIN = 8_000  # number drawn at random from each origin, for examples and for judging holdouts
FEWEST_BUYERS = 100
LEAST_DAYS_APART = 25  # least number of days between two origins, so that each adds information
SHORTEST_WINDOW_SHARE = 0.3  # windows shorter than this share of a horizon are not used to learn it
INPUTS = list(FEATURES)
LABELS = {"total": "money", "buy": "bought", "spend": "spent"}  # the label of each learner
LABELLED = ("bought", "spent", "money", *(f"margin_{name}" for name in NAMES))
EXAMPLE_SCHEMA = (
    "snapshot string, window_days int, customer_key string, "
    + ", ".join(f"{name} double" for name in LABELLED)
    + ", "
    + ", ".join(f"{name} float" for name in INPUTS)
)


class Total(NamedTuple):
    """Totals over all customers of a closed window: actual revenue, the revenue that the anchor expected, the numbers
    of actual and expected buyers, and the largest revenue of one customer."""

    actual: float
    expected: float
    buyers: int
    expected_buyers: float
    most: float = 0.0


@dataclass(frozen=True)
class Origin:
    """A past date: the anchor fitted at that date, and the totals of each window (days) that has closed."""

    fit: OriginFit
    totals: dict[int, Total]


def fit_origins(features: DataFrame, windows: Iterable[int] = ()) -> dict[date, Origin]:
    """Fits the anchor at each as_of_date of the rows, and computes the totals of those `windows` (days) whose outcomes
    are known."""
    windows = list(windows)

    def fit(table: pa.Table) -> pa.Table:
        columns = _in_order(table)
        found = anchor.fit_origin(columns)
        closed = [w for w in windows if outcomes.known(columns, w).all()]
        totals = {
            w: Total(
                float(outcomes.spent(columns, w).sum()),
                float(by_anchor.revenue.sum()),
                int(outcomes.bought(columns, w).sum()),
                float(by_anchor.p_purchase.sum()),
                float(outcomes.spent(columns, w).max()),
            )
            for w, by_anchor in anchor.over(found, columns, closed).items()
        }
        as_of_date = table.column("as_of_date")[0].as_py()
        return pa.table({"as_of_date": [as_of_date], "fit": [json.dumps([found.as_json(), totals])]})

    needed = features.select(
        "as_of_date", "customer_key", "days_with_orders", "recency", "t", "order_value_mean", *outcomes.columns(windows)
    )
    rows = needed.groupBy("as_of_date").applyInArrow(fit, "as_of_date date, fit string").collect()
    found = {row.as_of_date: json.loads(row.fit) for row in rows}
    return {
        day: Origin(OriginFit.from_json(fit), {int(w): Total(*total) for w, total in totals.items()})
        for day, (fit, totals) in sorted(found.items())
    }


def build_examples(features: DataFrame, origins: dict[date, Origin]) -> DataFrame:
    """Builds the examples, with EXAMPLE_SCHEMA: up to CUSTOMERS_PER_ORIGIN customers of each origin, once per closed
    window."""

    def make(table: pa.Table) -> pa.Table:
        day = table.column("as_of_date")[0].as_py()
        origin, columns, keys = origins[day], *sampled(table, day)
        parts = []
        for window, by_anchor in anchor.over(origin.fit, columns, origin.totals).items():
            if origin.totals[window].actual <= 0:
                continue
            bought, spent = outcomes.bought(columns, window), outcomes.spent(columns, window)
            start = _shifted_to_totals(offsets(by_anchor), bought, spent)
            numbers = [bought, np.maximum(spent, 0.01 * by_anchor.order_value), spent, *(start[n] for n in NAMES)]
            inputs = feature_matrix(origin.fit, columns, by_anchor, window)
            arrays = [
                pa.array([snapshot(day, window)] * len(keys)), pa.array(np.full(len(keys), window, np.int32)), keys,
                *map(pa.array, numbers), *(pa.array(inputs[:, i], from_pandas=False) for i in range(len(INPUTS))),
            ]  # fmt: skip
            parts.append(pa.Table.from_arrays(arrays, names))
        return pa.concat_tables(parts) if parts else empty

    names = [field.split()[0] for field in EXAMPLE_SCHEMA.split(", ")]
    kinds = {"string": pa.string(), "int": pa.int32(), "double": pa.float64(), "float": pa.float32()}
    fields = [field.split() for field in EXAMPLE_SCHEMA.split(", ")]
    empty = pa.schema([(name, kinds[kind]) for name, kind in fields]).empty_table()
    return features.groupBy("as_of_date").applyInArrow(make, EXAMPLE_SCHEMA)


def ordered(built: DataFrame) -> tuple[DataFrame, int, int]:
    """Persists the examples for several fits, sorted by key in one partition per worker. Returns the examples, their
    number, and the number of workers that train."""
    once = built.persist()
    rows = once.count()
    workers = workers_for(built.sparkSession, rows)
    parts = once.repartition(1) if workers == 1 else once.repartition(workers, "customer_key")
    data = parts.sortWithinPartitions("snapshot", "customer_key").persist()
    data.count()
    once.unpersist()
    return data, rows, workers


def panel(features: DataFrame, most: int = CUSTOMERS_PER_ORIGIN) -> dict[date, Columns]:
    """Draws up to `most` customers at each origin and returns their columns, customer_key among them, in the order of
    the key."""

    def draw(table: pa.Table) -> pa.Table:
        return _drawn(table, table.column("as_of_date")[0].as_py(), most)

    drawn = features.groupBy("as_of_date").applyInArrow(draw, features.schema).toArrow()
    days = drawn.column("as_of_date").unique().to_pylist()
    found = {}
    for day in sorted(days):
        rows = drawn.filter(pc.field("as_of_date") == day).sort_by("customer_key")
        found[day] = {**_columns(rows), "customer_key": np.array(rows.column("customer_key").to_pylist(), dtype=object)}
    return found


def workers_for(spark: SparkSession, rows: int) -> int:
    """Returns the number of workers that train: one, or two above a million examples. The number depends on the
    examples alone, so that the model is the same on every machine.

    Raises ClvError if Spark has fewer slots.
    """
    workers = 1 if rows <= ROWS_OF_ONE_WORKER else 2
    if (slots := session.slots(spark)) < workers:
        raise ClvError(
            f"learning from {rows} examples needs {workers} cores, but Spark has {slots}; set SPARK_MASTER=local[2]"
        )
    return workers


def snapshots(origins: dict[date, Origin], horizon_days: int, by: date, latest: int) -> list[tuple[date, int]]:
    """Returns the (origin, window) pairs to learn a horizon from: for each window of at least SHORTEST_WINDOW_SHARE of
    the horizon, the `latest` origins whose window had closed by a date."""
    windows = {w for origin in origins.values() for w in origin.totals}
    return [
        (day, window)
        for window in sorted(windows)
        if SHORTEST_WINDOW_SHARE * horizon_days <= window <= horizon_days
        for day in latest_closed(origins, window, by, latest)
    ]


def latest_closed(origins: dict[date, Origin], window: int, by: date, latest: int) -> list[date]:
    """Returns the latest origins whose window had closed by a date, oldest first."""
    closed = [day for day in origins if window in origins[day].totals and outcomes.end(day, window) <= by]
    return spaced(closed)[-latest:]


def spaced(days: Iterable[date]) -> list[date]:
    """Selects days that lie at least LEAST_DAYS_APART days apart, beginning with the latest. Returns them oldest
    first."""
    found: list[date] = []
    for day in sorted(days, reverse=True):
        if not found or (found[-1] - day).days >= LEAST_DAYS_APART:
            found.append(day)
    return found[::-1]


def train(
    data: DataFrame,
    wanted: Iterable[tuple[date, int]],
    horizon_days: int,
    workers: int,
    parameters: Parameters = LEARNERS,
) -> Learners | None:
    """Trains the learners of a horizon on the examples of some snapshots. Returns None if these have too few buyers or
    too few others.

    data: what `ordered` returned. parameters: XGBoost's parameters by learner. The result depends on these arguments
    alone.
    """
    rows = weighted_examples(data, wanted, horizon_days)
    if rows is None:
        return None
    fitted = {name: learner(name, workers, parameters[name]).fit(rows_of(name, rows)) for name in NAMES}
    return Learners(**{name: bytes(model.get_booster().save_raw("json")) for name, model in fitted.items()})


def weighted_examples(data: DataFrame, wanted: Iterable[tuple[date, int]], horizon_days: int) -> DataFrame | None:
    """Returns the examples of some snapshots, with a weight that grows with the window's length and with money divided
    by its mean. Returns None if fewer than FEWEST_BUYERS customers bought, or fewer did not buy."""
    rows = data.where(sf.col("snapshot").isin([snapshot(day, window) for day, window in wanted]))
    counts = rows.agg(sf.count("*").alias("n"), sf.sum("bought").alias("buyers"), _exact_mean("money")).first()
    if counts is None or (counts.buyers or 0) < FEWEST_BUYERS or counts.n - counts.buyers < FEWEST_BUYERS:
        return None
    scale = float(counts["mean"])
    return (
        rows.withColumn("weight", sf.col("window_days") / sf.lit(float(horizon_days)))
        .withColumn("money", sf.col("money") / sf.lit(scale))
        .withColumn("margin_total", sf.col("margin_total") - sf.lit(float(np.log(scale))))
    )


def rows_of(name: str, rows: DataFrame) -> DataFrame:
    """Returns the rows that a learner is trained on: all rows, or buyers only for the learner of a buyer's spend."""
    return rows.where("bought = 1") if name == "spend" else rows


def learner(name: str, workers: int, parameters: dict[str, Any]):
    """Returns an unfitted XGBoost estimator on Spark for one of NAMES."""
    kind = SparkXGBClassifier if name == "buy" else SparkXGBRegressor
    return kind(
        features_col=INPUTS, label_col=LABELS[name], weight_col="weight", base_margin_col=f"margin_{name}",
        num_workers=workers, verbose=False, **parameters,
    )  # fmt: skip


def snapshot(day: date, window_days: int) -> str:
    """Returns the name that identifies an origin's window in the examples."""
    return f"{day}/{window_days}"


def sampled(table: pa.Table, day: date) -> tuple[Columns, pa.Array]:
    """Draws up to CUSTOMERS_PER_ORIGIN rows; the draw does not depend on the order of the rows. Returns their columns
    and keys."""
    drawn = _drawn(table, day)
    return _columns(drawn), drawn.column("customer_key").combine_chunks()


def _drawn(table: pa.Table, day: date, most: int = CUSTOMERS_PER_ORIGIN) -> pa.Table:
    table = table.sort_by("customer_key")
    if table.num_rows <= most:
        return table
    chosen = np.random.default_rng(day.toordinal()).choice(table.num_rows, most, replace=False)
    return table.take(pa.array(np.sort(chosen)))


def _in_order(table: pa.Table) -> Columns:
    return _columns(table.sort_by("customer_key"))


def _columns(table: pa.Table) -> Columns:
    return columns_of(table.combine_chunks().to_batches()[0])


def _shifted_to_totals(start: dict[str, Array], bought: Array, spent: Array) -> dict[str, Array]:
    """Shifts each offset by a constant, so that the offsets sum to the actual totals of the window."""

    def log_ratio(logs: Array, actual: Array) -> float:
        total = float(actual.sum())
        return float(np.log(total / np.exp(logs).sum())) if total > 0 else 0.0

    share = float(np.clip(bought.mean(), 1e-4, 1 - 1e-4))
    return {
        "total": start["total"] + log_ratio(start["total"], spent),
        "buy": start["buy"] + shift_to(start["buy"], share),
        "spend": start["spend"] + (log_ratio(start["spend"][bought > 0], spent[bought > 0]) if bought.any() else 0.0),
    }


def _exact_mean(name: str):
    """Computes a mean in decimal arithmetic, so that it is the same in any order of the rows."""
    return (sf.sum(sf.col(name).cast("decimal(30,8)")) / sf.count("*")).cast("double").alias("mean")
