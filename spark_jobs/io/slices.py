"""Reads and writes slices of the warehouse's tables, in parts that processes and threads can take side by side.

Each part is an equal range of the customer key. Keys are keyed digests and so evenly distributed, which makes the parts
equally large.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import adbc_driver_manager
import pyarrow as pa
import pyarrow.csv as csv
from adbc_driver_postgresql import dbapi

from clv.core import settings, sql_text
from clv.core.errors import Unavailable
from clv.warehouse import db

ROWS_PER_PARTITION = 100_000
TYPES = {
    "text": pa.string(), "double precision": pa.float64(), "date": pa.date32(),
    "double precision[]": pa.list_(pa.float64()),
}  # fmt: skip


@contextmanager
def cursor(url: str) -> Iterator[dbapi.Cursor]:
    """Opens a cursor that reads Arrow data from the database at `url`.

    Raises Unavailable if the database does not answer or stops answering. (ADBC's own errors cannot be sent from one
    process to another.)
    """
    try:
        with dbapi.connect(url) as connection, connection.cursor() as opened:
            yield opened
    except adbc_driver_manager.Error as error:
        reason = " ".join(str(error).split())[:400]
        raise Unavailable(
            f"the warehouse at {settings.place(url)} could not be read ({reason}); run `clv up`, or check "
            "CLV_WAREHOUSE_URL"
        ) from None


@dataclass(frozen=True)
class Slice:
    """The rows of a table whose columns equal `where`, in `parts` ranges of customer_key, in the database at `url`."""

    table: str
    where: dict[str, Any]
    parts: int
    url: str = field(repr=False)  # has a password

    def read(self, part: int, columns: dict[str, str], meaning: dict[str, str] | None = None) -> pa.Table:
        """Reads one part, ordered by key.

        columns: the columns to read, each with its type, one of TYPES. meaning: the SQL of columns that the table does
        not have; `t` is the table.
        """
        query, ordering, schema = selection(self.table, columns, self.where, meaning)
        with cursor(self.url) as reader:
            reader.execute(f"{query} and {between(*key_ranges(self.parts)[part])} {ordering}")
            return reader.fetch_arrow_table().cast(schema)

    def clear(self) -> None:
        """Deletes all rows of the slice, before its parts are replaced."""
        with db.connect(self.url) as connection:
            connection.execute(f"delete from {self.table} where {sql_text.equal(self.where)}")  # type: ignore[arg-type]  # noqa: S608 - our own SQL; values are bound or quoted

    @contextmanager
    def replacing(self, part: int, columns: list[str]) -> Iterator[Callable[[pa.RecordBatch], None]]:
        """Replaces one part in one transaction. Yields the function that writes a batch of its rows.

        A part that is written again, or twice at once, therefore has its rows once.
        """
        copy_sql = f"copy {self.table} ({', '.join(columns)}) from stdin (format csv)"
        with db.connect(self.url) as connection:
            # An attempt that the scheduler gave up may still be writing. Wait for its transaction to end, so that the
            # delete below sees its rows.
            key = db.lock_key(f"{self.table} {sorted(self.where.items(), key=str)} {part}")
            connection.execute("select pg_advisory_xact_lock(%s)", (key,))
            connection.execute(f"delete from {self.table} where {self._of(part)}")  # type: ignore[arg-type]  # noqa: S608 - our own SQL; values are bound or quoted
            with connection.cursor() as cursor, cursor.copy(copy_sql) as copy:  # type: ignore[arg-type]
                yield lambda batch: copy.write(csv_bytes(batch))

    def take_statistics(self) -> None:
        """Updates the table's statistics. Without them, the planner assumes one row for the next reader."""
        with db.connect(self.url) as connection:
            connection.execute("select ops.take_statistics(%s::regclass)", (self.table,))

    def _of(self, part: int) -> str:
        return f"{sql_text.equal(self.where)} and {between(*key_ranges(self.parts)[part])}"


def selection(
    table: str, columns: dict[str, str], where: dict[str, Any], meaning: dict[str, str] | None
) -> tuple[str, str, pa.Schema]:
    """Returns a query for the columns of a slice, which more conditions may follow, its ordering, and its schema."""
    meaning = meaning or {}
    names = ", ".join(f"({meaning.get(name, name)})::{type_} as {name}" for name, type_ in columns.items())
    ordering = ", ".join(f"t.{name}" for name in ("customer_key", "as_of_date") if name in columns)
    query = f"select {names} from {table} t where {sql_text.equal(where)}"  # noqa: S608 - our own SQL; values are bound or quoted
    return query, f"order by {ordering}", schema_of(columns)


def schema_of(columns: dict[str, str]) -> pa.Schema:
    """Returns the schema of columns that are given with their types."""
    return pa.schema([pa.field(name, TYPES[type_]) for name, type_ in columns.items()])


def key_ranges(parts: int) -> list[tuple[str, str]]:
    """Divides the uuids into `parts` equal ranges. Returns the first and last uuid of each range as text, both
    included."""
    edges = [2**128 * part // parts for part in range(parts + 1)]
    return [(_uuid(low), _uuid(high - 1)) for low, high in zip(edges, edges[1:], strict=False)]


def partitions_for(rows: int) -> int:
    """Returns the number of parts for a number of rows. It depends on the data alone, so that it is the same on every
    machine."""
    return max(2, -(-rows // ROWS_PER_PARTITION))


def count(table: str, where: dict[str, Any], url: str | None = None, condition: str = "true") -> int:
    """Counts the rows of a slice that meet a condition, in the warehouse or in the database at `url`."""
    query = f"select count(*) from {table} where {sql_text.equal(where)} and {condition}"  # noqa: S608 - our own SQL; values are bound or quoted
    return db.rows(query, None, url)[0][0]  # type: ignore[arg-type]


def csv_bytes(batch: pa.RecordBatch) -> bytes:
    """Writes a batch as CSV for COPY ... (format csv): no header, nulls as empty fields."""
    sink = pa.BufferOutputStream()
    csv.write_csv(batch, sink, csv.WriteOptions(include_header=False))
    return sink.getvalue().to_pybytes()


def between(low: str, high: str) -> str:
    """Returns the SQL condition of a range of customer keys, both ends included."""
    return f"customer_key between {sql_text.literal(low)} and {sql_text.literal(high)}"


def _uuid(number: int) -> str:
    text = f"{number:032x}"
    return "-".join([text[:8], text[8:12], text[12:16], text[16:20], text[20:]])
