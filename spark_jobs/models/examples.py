"""The examples that the boosted learners are trained on.

One example is a customer at an origin, with the outcome of one closed window. The offsets of a window's examples are
shifted so that they sum to its actual total; the learners therefore do not learn the season or growth of the window.
Pure functions: arrays in, arrays out.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from spark_jobs.features import outcomes
from spark_jobs.features.columns import Array, Columns
from spark_jobs.models import anchor
from spark_jobs.models.feature_matrix import feature_matrix
from spark_jobs.models.learners import NAMES, offsets
from spark_jobs.models.learning import Origin
from spark_jobs.models.log_odds import shift_to

FEWEST_BUYERS = 100  # and at least as many customers who did not buy; below that, there is too little to learn from
Snapshot = tuple[date, int]  # an origin, and the length in days of a window that has closed


@dataclass(frozen=True, eq=False)
class Examples:
    """Examples, one row each.

    inputs: the feature matrix, shape (n, len(FEATURES)), float32. labels: what each learner predicts. margins: from
    where each learner starts. weights, customer (a number that identifies the customer): shape (n,).
    """

    inputs: Array
    labels: dict[str, Array]
    margins: dict[str, Array]
    weights: Array
    customer: Array

    def __len__(self) -> int:
        return len(self.inputs)

    def where(self, rows: Array) -> Examples:
        """Returns some of the examples; rows: booleans, shape (n,)."""
        labels, margins = ({name: one[rows] for name, one in kept.items()} for kept in (self.labels, self.margins))
        return Examples(self.inputs[rows], labels, margins, self.weights[rows], self.customer[rows])

    def of(self, learner: str) -> Examples:
        """Returns the examples that a learner is trained on: all of them, or buyers only for the learner of a buyer's
        spend."""
        return self.where(self.labels["buy"] > 0) if learner == "spend" else self


def at_origin(origin: Origin, columns: Columns, windows: Sequence[int]) -> dict[int, Examples]:
    """Builds the examples of an origin for each of these windows that brought revenue, of weight 1.

    columns: FEATURE_COLUMNS, the outcomes of the windows and customer_key, for the drawn customers.
    """
    customer = numbered(columns)
    columns = {name: values for name, values in columns.items() if name != "customer_key"}
    found = {}
    for window, by_anchor in anchor.over(origin.fit, columns, windows).items():
        if origin.totals[window].actual > 0:
            bought, spent = outcomes.bought(columns, window), outcomes.spent(columns, window)
            floored = np.maximum(spent, 0.01 * by_anchor.order_value)
            found[window] = Examples(
                feature_matrix(origin.fit, columns, by_anchor, window),
                {"total": spent, "buy": bought, "spend": floored},
                _shifted_to_totals(offsets(by_anchor), bought, spent),
                np.ones(len(spent)),
                customer,
            )
    return found


def numbered(columns: Columns) -> Array:
    """Returns a number that identifies each customer at every origin, from customer_key, shape (n,)."""
    return np.array([zlib.crc32(str(key).encode()) for key in columns["customer_key"]])


def weighted(built: Mapping[Snapshot, Examples], wanted: Iterable[Snapshot], horizon_days: int) -> Examples | None:
    """Returns the examples of some snapshots, to learn a horizon: weights grow with the window's length, and money is
    divided by its mean. Returns None if fewer than FEWEST_BUYERS customers bought, or fewer did not buy."""
    snapshots = sorted(one for one in wanted if one in built)
    parts = [built[snapshot] for snapshot in snapshots]
    buyers = sum(float(part.labels["buy"].sum()) for part in parts)
    if buyers < FEWEST_BUYERS or sum(map(len, parts)) - buyers < FEWEST_BUYERS:
        return None
    labels = {name: np.concatenate([part.labels[name] for part in parts]) for name in NAMES}
    margins = {name: np.concatenate([part.margins[name] for part in parts]) for name in NAMES}
    mean = math.fsum(labels["total"]) / len(labels["total"])
    weights = np.repeat([window / horizon_days for _, window in snapshots], [len(part) for part in parts])
    return Examples(
        np.concatenate([part.inputs for part in parts]),
        {**labels, "total": labels["total"] / mean},
        {**margins, "total": margins["total"] - np.log(mean)},
        weights,
        np.concatenate([part.customer for part in parts]),
    )


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
