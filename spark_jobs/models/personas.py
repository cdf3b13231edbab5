"""Personas: groups of customers found in the data, each named after its differences from the mean customer.

K-means fits the personas on standardised measures when a model is trained (`kmeans`), and the model keeps them. Scoring
assigns each customer to the nearest centre. Names are derived from the centres, so the same data give the same
personas. Pure functions: arrays in, arrays out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spark_jobs.features.columns import Array, Columns
from spark_jobs.models import kmeans

NUMBERS = range(2, 9)  # candidate numbers of personas; the silhouette decides between them
SEED = 11
LEAST_CUSTOMERS = 100
MOST_DEVIATIONS = 3.0  # measures are clipped at this many standard deviations from the mean
DECIMALS = 6

# The measures, each with the words for a persona below and above the mean customer.
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
    """Fitted personas. means, deviations: of the measures; a deviation is 0 where a measure never varies. names: of the
    personas. centres: in standard deviations from the mean, shape (personas, measures)."""

    means: list[float]
    deviations: list[float]
    names: list[str]
    centres: list[list[float]]

    def of(self, columns: Columns) -> list[str]:
        """Returns the name of each customer's persona."""
        points = standardised(measures(columns), np.array(self.means), np.array(self.deviations))
        squares = ((points[:, None, :] - np.array(self.centres)[None, :, :]) ** 2).sum(axis=2)
        return [self.names[place] for place in squares.argmin(axis=1)]


def fit(columns: Columns) -> Personas | None:
    """Fits the personas of a date's customers. Returns None if there are too few customers or if they are too
    similar."""
    matrix = measures(columns)
    if len(matrix) < LEAST_CUSTOMERS:
        return None
    known = np.ma.masked_invalid(matrix)
    means, deviations = (np.round(found.filled(0), DECIMALS) for found in (known.mean(axis=0), known.std(axis=0)))
    points = standardised(matrix, means, deviations)
    numbers = [k for k in NUMBERS if k < len(np.unique(points, axis=0))]
    if not numbers:
        return None
    found = [kmeans.fit(points, k, SEED) for k in numbers]
    best = max(found, key=lambda groups: round(kmeans.silhouette(points, groups.of), DECIMALS))
    centres = np.round(best.centres, DECIMALS) + 0.0
    # In descending order of revenue.
    order = sorted(range(len(centres)), key=lambda place: (-centres[place][list(WORDS).index("revenue")], place))
    centres = centres[order]
    return Personas(means.tolist(), deviations.tolist(), named(centres), centres.tolist())


def measures(columns: Columns) -> Array:
    """Computes the measures of personas, shape (n, len(WORDS)): logs of counts, days and money, square roots of shares.
    NaN where a customer has no value."""
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
    """Returns deviations from the mean customer in standard deviations; a missing value counts as the mean."""
    with np.errstate(divide="ignore", invalid="ignore"):
        points = np.where(deviations > 0, (matrix - means) / deviations, 0)
    return np.clip(np.nan_to_num(points, nan=0), -MOST_DEVIATIONS, MOST_DEVIATIONS)


def named(centres: Array) -> list[str]:
    """Names each centre after its two strongest differences from the mean, and after as many more as are needed to make
    the names unique."""
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
