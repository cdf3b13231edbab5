"""Scores the parts of a date's customers in processes of this machine, which write to the warehouse themselves. They
are forked from this one, so nothing has to start first."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spark_jobs.explain import explaining
from spark_jobs.explain.explaining import Averages, Sums
from spark_jobs.io import kept, parallel
from spark_jobs.io.kept import Kept
from spark_jobs.io.slices import Slice
from spark_jobs.scoring import rows
from spark_jobs.scoring.rows import Job


class Shared(NamedTuple):
    """What the processes share: the features, where to keep scored rows until the average customer is known, and the
    slice to write."""

    features: Kept
    scored: Kept
    job: Job
    target: Slice


def score(features: Kept, job: Job, target: Slice) -> tuple[int, Averages, np.ndarray]:
    """Replaces the slice `target` with the predictions of all parts. Returns the number of rows written, the average
    customers, and how many customers are explained (see `rows.with_reasons`)."""
    parts = range(target.parts)
    with (
        kept.keeping(target.parts) as scored,
        parallel.on_this_machine(Shared(features, scored, job, target), "customers were scored") as each,
    ):
        average = explaining.averages(sum(each(_predict, parts), Sums()))
        target.clear()
        counts = sum(each(_write, [(part, average) for part in parts]), np.zeros(3, int))
    target.take_statistics()
    return int(counts[0]), average, counts[1:]


def _predict(shared: Shared, part: int) -> Sums:
    scored = list(rows.predicted(shared.features.read(part), shared.job))
    shared.scored.write(part, scored)
    return rows.sums(scored)


def _write(shared: Shared, item: tuple[int, Averages]) -> np.ndarray:
    part, average = item
    counts = np.zeros(3, int)
    with shared.target.replacing(part, rows.WRITTEN) as copy:
        for batch in shared.scored.read(part):
            written, explained = rows.with_reasons(batch, average, shared.job)
            copy(written)
            counts += [written.num_rows, *explained]
    return counts
