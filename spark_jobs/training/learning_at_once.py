"""Builds the examples of a training and fits its learners, many at a time (`spark_jobs.io.parallel`)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from clv.warehouse.model_choice import Parameters
from spark_jobs.features.columns import Columns
from spark_jobs.io import parallel
from spark_jobs.models import boosting, examples
from spark_jobs.models.examples import Examples, Snapshot
from spark_jobs.models.learners import Learners
from spark_jobs.models.learning import Origin

log = logging.getLogger("clv.train")
Built = dict[Snapshot, Examples]


class Fit(NamedTuple):
    """What the learners of a window are fitted to: the snapshots that had closed by a date, and XGBoost's parameters by
    learner."""

    window: int
    by: date
    snapshots: list[Snapshot]
    parameters: Parameters


def build(origins: Mapping[date, Origin], panel: Mapping[date, Columns], wanted: Iterable[Snapshot]) -> Built:
    """Builds the examples of the wanted snapshots; those of windows without revenue are left out."""
    windows: dict[date, list[int]] = {}
    for day, window in sorted(set(wanted)):
        windows.setdefault(day, []).append(window)
    with parallel.sharing((origins, panel), "the examples were built") as each:
        found = list(each(_at_origin, list(windows.items())))
    return {(day, window): one for day, parts in zip(windows, found, strict=True) for window, one in parts.items()}


def learn(built: Built, fits: Sequence[Fit]) -> list[Learners | None]:
    """Fits the learners of each of `fits`: None where there are too few examples. The result depends on the arguments
    alone."""
    sizes = [sum(len(built[one]) for one in fit.snapshots if one in built) for fit in fits]
    found: list[Learners | None] = [None] * len(fits)
    longest_first = sorted(range(len(fits)), key=lambda place: -sizes[place])
    with parallel.sharing(built, "the learners were fitted") as each:
        for place, learners in zip(
            longest_first, each(_learners, [fits[place] for place in longest_first]), strict=True
        ):
            found[place] = learners
            if learners:
                log.info("learned windows of %d days closed by %s", fits[place].window, fits[place].by)
    return found


def _at_origin(
    shared: tuple[Mapping[date, Origin], Mapping[date, Columns]], wanted: tuple[date, list[int]]
) -> dict[int, Examples]:
    (origins, panel), (day, windows) = shared, wanted
    return examples.at_origin(origins[day], panel[day], windows)


def _learners(built: Built, fit: Fit) -> Learners | None:
    rows = examples.weighted(built, fit.snapshots, fit.window)
    return None if rows is None else boosting.fit(rows, fit.parameters)
