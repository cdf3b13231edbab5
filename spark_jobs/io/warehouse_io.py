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
import pyarrow.csv as csv
from adbc_driver_postgresql import dbapi
from pyspark import TaskContext
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from clv.core import sql_text
from clv.core.settings import Settings
from clv.warehouse import db
from clv.warehouse.roles import MODELLER

ROWS_PER_PARTITION = 100_000
TYPES = {"text": pa.string(), "double precision": pa.float64(), "date": pa.date32()}


def key_ranges(parts: int, share: float = 1.0) -> list[tuple[str, str]]:
    """Divides the uuids into `parts` equal ranges. Returns the first and last uuid of each range as text, both
    included. With share 1 the ranges cover all uuids, below 1 the lowest part of them."""
    end = 2**128 if share >= 1 else int(2**128 * share)
    edges = [end * part // parts for part in range(parts + 1)]
    return [(_uuid(low), _uuid(high - 1)) for low, high in zip(edges, edges[1:], strict=False)]


def partitions_for(rows: int) -> int:
    """Returns the number of partitions for a number of rows. It depends on the data alone, so that it is the same on
    every machine."""
    return max(2, -(-rows // ROWS_PER_PARTITION))


def read_slice(
    session: SparkSession,
    settings: Settings,
    table: str,
    columns: dict[str, str],
    where: dict[str, Any],
    parts: int,
    share: float = 1.0,
    meaning: dict[str, str] | None = None,
) -> DataFrame:
    """Reads the rows of `table` whose columns equal `where`, in `parts` partitions of customer_key. Rows are ordered by
    key (and date, where read) within each partition.

    columns: the columns to read, each with its type: "text", "double precision" or "date". meaning: the SQL of columns
    that the table does not have. share: below 1, only the customers in the lowest part of the key range are read, which
    are always the same ones.
    """
    url = settings.url_as(MODELLER)
    query, ordering, schema = _selection(table, columns, where, meaning)
    ranges = [_between(*ends) for ends in key_ranges(parts, share)]

    def copy(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for part in batch.column("part").to_pylist():
                with dbapi.connect(url) as connection, connection.cursor() as cursor:
                    cursor.execute(f"{query} and {ranges[part]} {ordering}")
                    for rows in cursor.fetch_record_batch():
                        yield _cast(rows, schema)

    numbers = session.range(0, parts, 1, parts).withColumnRenamed("id", "part")
    return numbers.mapInArrow(copy, from_arrow_schema(schema))


def read_rows(
    settings: Settings,
    table: str,
    columns: dict[str, str],
    where: dict[str, Any],
    share: float = 1.0,
    meaning: dict[str, str] | None = None,
) -> pa.RecordBatch:
    """Reads the rows of `table` whose columns equal `where` into the memory of this process, without Spark. The
    arguments are those of `read_slice`."""
    query, ordering, schema = _selection(table, columns, where, meaning)
    (ends,) = key_ranges(1, share)
    with dbapi.connect(settings.url_as(MODELLER)) as connection, connection.cursor() as cursor:
        cursor.execute(f"{query} and {_between(*ends)} {ordering}")
        rows = pa.Table.from_batches((_cast(batch, schema) for batch in cursor.fetch_record_batch()), schema)
    return rows.combine_chunks().to_batches()[0] if rows.num_rows else pa.RecordBatch.from_pylist([], schema)


def count(table: str, where: dict[str, Any], url: str | None = None) -> int:
    """Counts the rows of a slice, in the warehouse or in the database at `url`."""
    condition = sql_text.equal(where)
    return db.rows(f"select count(*) from {table} where {condition}", None, url)[0][0]  # type: ignore[arg-type]  # noqa: S608 - our own SQL; values are bound or quoted


def replace_slice(data: DataFrame, settings: Settings, table: str, slice_: dict[str, Any], parts: int) -> int:
    """Writes `data` as the whole slice of `table` and returns its number of rows.

    `data` must have `parts` partitions of customer_key, as `read_slice` makes them. The driver first deletes the slice.
    Each partition then deletes its own key range and copies its rows, in one transaction. A task that Spark retries or
    runs twice therefore leaves its rows once.
    """
    url = settings.url_as(MODELLER)
    condition = sql_text.equal(slice_)
    columns = data.columns
    ranges = [_between(*ends) for ends in key_ranges(parts)]
    copy_sql = f"copy {table} ({', '.join(columns)}) from stdin (format csv)"
    lock_name = f"{table} {sorted(slice_.items(), key=str)}"
    with db.connect(url) as connection:
        connection.execute(f"delete from {table} where {condition}")  # type: ignore[arg-type]  # noqa: S608 - our own SQL; values are bound or quoted

    def write(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        context = TaskContext.get()
        part = context.partitionId() if context else 0
        written = 0
        with db.connect(url) as connection:
            # An attempt that the scheduler gave up may still be writing. Wait for its transaction to end, so that the
            # delete below sees its rows.
            key = db.lock_key(f"{lock_name} {part}")
            connection.execute("select pg_advisory_xact_lock(%s)", (key,))
            connection.execute(
                f"delete from {table} where {condition} and {ranges[part]}"  # type: ignore[arg-type]  # noqa: S608 - our own SQL; values are bound or quoted
            )
            with connection.cursor() as cursor, cursor.copy(copy_sql) as copy:  # type: ignore[arg-type]
                for batch in batches:
                    copy.write(csv_bytes(batch))
                    written += batch.num_rows
        yield pa.RecordBatch.from_pydict({"rows": pa.array([written], pa.int64())})

    rows = sum(row.rows for row in data.mapInArrow(write, "rows long").collect())
    with db.connect(url) as connection:  # without statistics, the planner assumes one row for the next reader
        connection.execute("select ops.take_statistics(%s::regclass)", (table,))
    return rows


def replace_whole(data: DataFrame, settings: Settings, table: str, slice_: dict[str, Any]) -> int:
    """Writes `data` as the whole slice of `table` in one transaction, so that readers see either all of it or none.
    Returns the number of rows. The driver collects the data, which must fit into its memory."""
    rows = data.toArrow()
    with db.connect(settings.url_as(MODELLER)) as connection:
        connection.execute(f"delete from {table} where {sql_text.equal(slice_)}")  # type: ignore[arg-type]  # noqa: S608 - our own SQL; values are bound or quoted
        copy_sql = f"copy {table} ({', '.join(rows.column_names)}) from stdin (format csv)"
        with connection.cursor() as cursor, cursor.copy(copy_sql) as copy:  # type: ignore[arg-type]
            for batch in rows.to_batches():
                copy.write(csv_bytes(batch))
        connection.execute("select ops.take_statistics(%s::regclass)", (table,))
    return rows.num_rows


def csv_bytes(batch: pa.RecordBatch) -> bytes:
    """Writes a batch as CSV for COPY ... (format csv): no header, nulls as empty fields."""
    sink = pa.BufferOutputStream()
    csv.write_csv(batch, sink, csv.WriteOptions(include_header=False))
    return sink.getvalue().to_pybytes()


def _selection(
    table: str, columns: dict[str, str], where: dict[str, Any], meaning: dict[str, str] | None
) -> tuple[str, str, pa.Schema]:
    """Returns a query for the columns of a slice, which more conditions may follow, its ordering, and its schema."""
    meaning = meaning or {}
    names = ", ".join(f"({meaning.get(name, name)})::{type_} as {name}" for name, type_ in columns.items())
    ordering = ", ".join(f"t.{name}" for name in ("customer_key", "as_of_date") if name in columns)
    query = f"select {names} from {table} t where {sql_text.equal(where)}"  # noqa: S608 - our own SQL; values are bound or quoted
    return query, f"order by {ordering}", pa.schema([pa.field(name, TYPES[type_]) for name, type_ in columns.items()])


def _cast(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    columns = [batch.column(field.name).cast(field.type) for field in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _between(low: str, high: str) -> str:
    return f"customer_key between {sql_text.literal(low)} and {sql_text.literal(high)}"


def _uuid(number: int) -> str:
    text = f"{number:032x}"
    return "-".join([text[:8], text[8:12], text[12:16], text[16:20], text[20:]])
