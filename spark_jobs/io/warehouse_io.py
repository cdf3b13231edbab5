"""Reads and writes the warehouse from Spark. The workers use COPY and Arrow streams in parallel, so no JDBC JAR is
needed.

Each partition is an equal range of the customer key. Keys are keyed digests and so evenly distributed, which makes the
partitions equally large. The warehouse's URL contains a password; it reaches the workers inside the pickled function
and is never part of Spark's query plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from pyspark import TaskContext
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from clv.core.settings import Settings
from clv.warehouse.roles import MODELLER
from spark_jobs.io.slices import Slice, between, cursor, key_ranges, selection


def read_slice(
    session: SparkSession,
    settings: Settings,
    table: str,
    columns: dict[str, str],
    where: dict[str, Any],
    parts: int,
    meaning: dict[str, str] | None = None,
) -> DataFrame:
    """Reads the rows of `table` whose columns equal `where`, in `parts` partitions of customer_key. Rows are ordered by
    key (and date, where read) within each partition.

    columns: the columns to read, each with its type, one of slices.TYPES. meaning: the SQL of columns that the table
    does not have; `t` is the table.
    """
    url = settings.url_as(MODELLER)
    query, ordering, schema = selection(table, columns, where, meaning)
    ranges = [between(*ends) for ends in key_ranges(parts)]

    def copy(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for part in batch.column("part").to_pylist():
                with cursor(url) as reader:
                    reader.execute(f"{query} and {ranges[part]} {ordering}")
                    for rows in reader.fetch_record_batch():
                        yield _cast(rows, schema)

    numbers = session.range(0, parts, 1, parts).withColumnRenamed("id", "part")
    return numbers.mapInArrow(copy, from_arrow_schema(schema))


def read_rows(
    url: str, table: str, columns: dict[str, str], where: dict[str, Any], meaning: dict[str, str] | None = None
) -> pa.RecordBatch:
    """Reads the rows of `table`, in the database at `url`, whose columns equal `where` into the memory of this process,
    without Spark. The other arguments are those of `read_slice`."""
    query, ordering, schema = selection(table, columns, where, meaning)
    with cursor(url) as reader:
        reader.execute(f"{query} {ordering}")
        rows = pa.Table.from_batches((_cast(batch, schema) for batch in reader.fetch_record_batch()), schema)
    return rows.combine_chunks().to_batches()[0] if rows.num_rows else pa.RecordBatch.from_pylist([], schema)


def replace_slice(data: DataFrame, settings: Settings, table: str, slice_: dict[str, Any], parts: int) -> int:
    """Writes `data` as the whole slice of `table` and returns its number of rows.

    `data` must have `parts` partitions of customer_key, as `read_slice` makes them. The driver first deletes the slice.
    Each partition then deletes its own key range and copies its rows, in one transaction. A task that Spark retries or
    runs twice therefore leaves its rows once.
    """
    target, columns = Slice(table, slice_, parts, settings.url_as(MODELLER)), data.columns
    target.clear()

    def write(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        context = TaskContext.get()
        written = 0
        with target.replacing(context.partitionId() if context else 0, columns) as copy:
            for batch in batches:
                copy(batch)
                written += batch.num_rows
        yield pa.RecordBatch.from_pydict({"rows": pa.array([written], pa.int64())})

    rows = sum(row.rows for row in data.mapInArrow(write, "rows long").collect())
    target.take_statistics()
    return rows


def _cast(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    columns = [batch.column(field.name).cast(field.type) for field in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
