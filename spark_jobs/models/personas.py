"""Personas: groups of customers found in the data, each named by how it differs from the mean customer.

Fitted with a model, by Spark ML's k-means on standardised measures, and kept with it; assigned when customers are
scored, by the nearest centre. Names follow from the centres, so the same data give the same personas.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyspark.ml.clustering import KMeans
from pyspark.ml.evaluation import ClusteringEvaluator
from pyspark.ml.functions import array_to_vector
from pyspark.sql import SparkSession
from pyspark.sql import functions as sf

from spark_jobs.features.columns import Array, Columns

NUMBERS = range(2, 9)  # of personas, among which the silhouette chooses
SEED = 11
LEAST_CUSTOMERS = 100
MOST_CUSTOMERS = 20_000  # the first ones by key, which is a fair draw
MOST_DEVIATIONS = 3.0  # a customer counts as no further than this from the mean, in any measure
DECIMALS = 6

# Measures, and what is said of a persona that is below or above the mean customer.
WORDS = {
    "orders": ("orders seldom", "orders often"),
    "silence": ("ordered lately", "long silent"),
    "gap": ("short pauses", "long pauses"),
    "order_value": ("small baskets", "big baskets"),
    "revenue": ("little revenue", "much revenue"),
    "variety": ("few products", "many products"),
    "refunds": ("sends little back", "sends much back"),
    "discounts": ("pays full price", "buys at a discount"),
    "tenure": ("new to the shop", "long with the shop"),
}


@dataclass(frozen=True)
class Personas:
    """Means and deviations of the measures (0 where a measure never varies), and the personas: names, and centres in
    deviations from the mean, of shape (personas, measures)."""

    means: list[float]
    deviations: list[float]
    names: list[str]
    centres: list[list[float]]

    def of(self, columns: Columns) -> list[str]:
        """Each customer's persona, by name."""
        points = standardised(measures(columns), np.array(self.means), np.array(self.deviations))
        squares = ((points[:, None, :] - np.array(self.centres)[None, :, :]) ** 2).sum(axis=2)
        return [self.names[place] for place in squares.argmin(axis=1)]


def fit(spark: SparkSession, columns: Columns) -> Personas | None:
    """The personas of a date's customers; None where there are too few, or they are too much alike, to tell apart."""
    matrix = measures(columns)[:MOST_CUSTOMERS]
    if len(matrix) < LEAST_CUSTOMERS:
        return None
    known = np.ma.masked_invalid(matrix)
    means, deviations = (np.round(found.filled(0), DECIMALS) for found in (known.mean(axis=0), known.std(axis=0)))
    points = standardised(matrix, means, deviations)
    numbers = [k for k in NUMBERS if k < len(np.unique(points, axis=0))]
    if not numbers:
        return None
    vectors = pa.array(points.tolist(), pa.list_(pa.float64()))
    data = spark.createDataFrame(pa.table({"point": vectors})).coalesce(1)  # one part, so that sums have one order
    data = data.select(array_to_vector(sf.col("point")).alias("features")).persist()
    found = [KMeans(k=k, seed=SEED).fit(data) for k in numbers]
    # K-means draws its first centres by chance and may draw fewer than asked: a persona of nobody is none.
    found = [model for model in found if min(model.summary.clusterSizes) > 0]
    if not found:
        return None
    judge = ClusteringEvaluator()
    best = max(found, key=lambda model: round(judge.evaluate(model.transform(data)), DECIMALS))
    data.unpersist()
    centres = np.round(best.clusterCenters(), DECIMALS) + 0.0
    # In the order of revenue, the highest first
    order = sorted(range(len(centres)), key=lambda place: (-centres[place][list(WORDS).index("revenue")], place))
    centres = centres[order]
    return Personas(means.tolist(), deviations.tolist(), named(centres), centres.tolist())


def measures(columns: Columns) -> Array:
    """What personas are made of, shape (n, len(WORDS)): logs of counts, days and money, roots of shares. NaN where a
    customer has none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {
            "orders": np.log(columns["days_with_orders"]),
            "silence": np.log1p(columns["days_since_last_order"]),
            "gap": np.log1p(columns["gap_mean"]),
            "order_value": np.log(columns["order_value_mean"]),
            "revenue": np.log(columns["revenue_total"]),
            "variety": np.log1p(columns["distinct_products"]),
            "refunds": np.sqrt(np.clip(columns["refund_share"], 0, 1)),
            "discounts": np.sqrt(np.clip(columns["discount_share"], 0, 1)),
            "tenure": np.log1p(columns["t"]),
        }
    matrix = np.column_stack([found[name] for name in WORDS])
    return np.where(np.isfinite(matrix), matrix, np.nan)


def standardised(matrix: Array, means: Array, deviations: Array) -> Array:
    """Deviations from the mean customer; what is not known is taken to be the mean."""
    with np.errstate(divide="ignore", invalid="ignore"):
        points = np.where(deviations > 0, (matrix - means) / deviations, 0)
    return np.clip(np.nan_to_num(points, nan=0), -MOST_DEVIATIONS, MOST_DEVIATIONS)


def named(centres: Array) -> list[str]:
    """Each centre's two strongest differences in words, and as many more as set it apart from the others."""
    words = []
    for centre in centres:
        strongest = sorted(range(len(centre)), key=lambda place: (-abs(centre[place]), place))
        words.append([list(WORDS.values())[place][int(centre[place] > 0)] for place in strongest])
    used = [2] * len(words)
    while True:
        names = [", ".join(texts[:count]) for texts, count in zip(words, used, strict=True)]
        again = [place for place, name in enumerate(names) if names.count(name) > 1 and used[place] < len(WORDS)]
        if not again:
            break
        for place in again:
            used[place] += 1
    return [
        f"{name}, {names[:place].count(name) + 1}" if name in names[:place] else name
        for place, name in enumerate(names)
    ]
