"""Invented examples of the boosted learners."""

from __future__ import annotations

from datetime import date

import numpy as np
from scipy.special import expit

from spark_jobs.models.examples import Examples, Snapshot, weighted
from spark_jobs.models.feature_matrix import FEATURES

SNAPSHOTS = [(date(2024, 1, 1), 90), (date(2024, 2, 1), 90), (date(2024, 2, 1), 45)]


def built(customers: int = 400, snapshots: list[Snapshot] | None = None) -> dict[Snapshot, Examples]:
    """Returns the examples of snapshots of the same customers, in which the first input determines who buys, and
    the second how much."""
    rng = np.random.default_rng(3)
    found = {}
    for snapshot in snapshots or SNAPSHOTS:
        inputs = rng.normal(size=(customers, len(FEATURES))).astype(np.float32)
        inputs[rng.random(inputs.shape) < 0.05] = np.nan
        bought = (rng.random(customers) < expit(2 * np.nan_to_num(inputs[:, 0]))) * 1.0
        money = bought * rng.gamma(5, 20, customers) * np.exp(0.5 * np.nan_to_num(inputs[:, 1]))
        margins = {"total": np.log(50.0), "buy": 0.0, "spend": np.log(100.0)}
        found[snapshot] = Examples(
            inputs,
            {"total": money, "buy": bought, "spend": np.maximum(money, 1)},
            {name: np.full(customers, margin) for name, margin in margins.items()},
            np.ones(customers),
            np.arange(customers),
        )
    return found


def examples(customers: int = 400) -> Examples:
    """Returns weighted examples of three snapshots."""
    found = weighted(built(customers), SNAPSHOTS, 90)
    assert found is not None
    return found
