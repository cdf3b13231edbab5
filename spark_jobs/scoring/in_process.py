"""Scores the parts of a date's customers on this machine's cores, in threads: numpy, XGBoost and COPY leave the
interpreter to the others while they work. Nothing has to start first."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa

from spark_jobs.explain import explaining
from spark_jobs.explain.explaining import Averages, Sums
from spark_jobs.io import cores
from spark_jobs.io.slices import Slice
from spark_jobs.scoring import rows
from spark_jobs.scoring.rows import Job


def score(features: Sequence[pa.Table], job: Job, target: Slice) -> tuple[int, Averages, np.ndarray]:
    """Replaces the slice `target` with the predictions of all parts. Returns the number of rows written, the average
    customers, and how many customers are explained (see `rows.with_reasons`)."""
    with ThreadPoolExecutor(cores.allowed()) as pool:
        scored = list(pool.map(lambda table: list(rows.predicted(table, job)), features))
        average = explaining.averages(sum(pool.map(rows.sums, scored), Sums()))
        target.clear()

        def write(part: int) -> np.ndarray:
            counts = np.zeros(3, int)
            with target.replacing(part, rows.WRITTEN) as copy:
                for batch in scored[part]:
                    written, explained = rows.with_reasons(batch, average, job)
                    copy(written)
                    counts += [written.num_rows, *explained]
            return counts

        counts = sum(pool.map(write, range(len(scored))), np.zeros(3, int))
    target.take_statistics()
    return int(counts[0]), average, counts[1:]
