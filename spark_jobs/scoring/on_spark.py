"""Scores the parts of a date's customers on Spark's executors, which read and write the warehouse themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from pyspark import TaskContext

from clv.core.settings import Settings
from spark_jobs.explain import explaining
from spark_jobs.explain.explaining import Averages, Sums
from spark_jobs.features import purchases
from spark_jobs.io import session
from spark_jobs.io.slices import Slice
from spark_jobs.scoring import rows
from spark_jobs.scoring.rows import Job


def score(source: Slice, job: Job, target: Slice, settings: Settings) -> tuple[int, Averages, np.ndarray]:
    """Does what `in_process.score` does with the features of `source`, one task for each part."""

    wanted = job.model.features_read

    def predict(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for part in batch.column("id").to_pylist():
                yield from rows.predicted(source.read(part, wanted, purchases.MEANING).to_batches(), job)

    def add(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield pa.RecordBatch.from_pydict({"sums": [json.dumps(rows.sums(batches).by_weight)]})

    with session.running("score", settings) as spark:
        scored = spark.range(0, source.parts, 1, source.parts).mapInArrow(predict, rows.PREDICTED_SCHEMA).persist()
        found = scored.mapInArrow(add, "sums string").collect()
        average = explaining.averages(sum((Sums(json.loads(row.sums)) for row in found), Sums()))
        target.clear()

        def write(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            context = TaskContext.get()
            counts = np.zeros(3, int)
            with target.replacing(context.partitionId() if context else 0, rows.WRITTEN) as copy:
                for batch in batches:
                    written, explained = rows.with_reasons(batch, average, job)
                    copy(written)
                    counts += [written.num_rows, *explained]
            yield pa.RecordBatch.from_pydict({"counts": [counts.tolist()]})

        counts = np.sum([row.counts for row in scored.mapInArrow(write, "counts array<long>").collect()], axis=0)
        scored.unpersist()
    target.take_statistics()
    return int(counts[0]), average, counts[1:]
