"""Writes the rows of one file into the warehouse by COPY: batch, rows, customers and unreadable rows, in one
transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import adbc_driver_manager
import duckdb
import pyarrow as pa

from clv.catalog import tables
from clv.core.errors import ClvError, Unavailable
from clv.core.sql_text import literal
from clv.sources.connectors.files import Received
from clv.sources.formats.received import Unreadable
from clv.sources.mapping.model import FileMapping
from clv.warehouse import db, locks

if TYPE_CHECKING:
    import adbc_driver_postgresql.dbapi as adbc

CHUNK_ROWS = 100_000


@dataclass(frozen=True)
class BatchOpening:
    """How a batch enters the ledger.

    delivery: the number of the delivery of this content. landed: whether the file lay in the landing folder. For a
    replay: replayed is the batch that it replaces, replay_of the batch from whose place it counts, and usable_before
    the number of usable rows before.
    """

    delivery: int
    landed: bool
    replayed: int | None = None
    replay_of: int | None = None
    usable_before: int | None = None


@contextmanager
def transaction(url: str) -> Iterator[adbc.Cursor]:
    """Opens a cursor and commits its work at the end, all or nothing. Turns database errors into one line.

    While a statement runs, ADBC takes SIGINT in place of Python's handler and cancels the statement.
    """
    import adbc_driver_postgresql.dbapi as adbc  # imports pandas, which takes half a second of `clv status`

    try:
        connection = adbc.connect(url)
    except adbc_driver_manager.Error as error:
        raise Unavailable(f"the warehouse does not answer ({' '.join(str(error).split())[:400]})") from None
    try:
        with connection, connection.cursor() as cursor:
            yield cursor
            connection.commit()
    except adbc_driver_manager.Error as error:
        if error.status_code == adbc_driver_manager.AdbcStatusCode.CANCELLED:
            raise KeyboardInterrupt from None
        raise ClvError(f"the warehouse refused the rows ({' '.join(str(error).split())[:400]})") from None


def hold_customers(cursor: adbc.Cursor) -> None:
    """Waits until no customer is being erased or renamed, and prevents both until the transaction ends."""
    cursor.execute(f"select pg_advisory_xact_lock_shared({db.lock_key(locks.CUSTOMERS)})::text")
    cursor.fetchall()


def claim_currency(cursor: adbc.Cursor, currency: str) -> str:
    """Sets the warehouse's currency if there is none yet; returns the currency in effect."""
    cursor.execute(
        f"insert into {tables.SETTINGS} (name, value) values ('currency', $1) on conflict (name) do nothing",  # noqa: S608 - our own names
        (currency,),
    )
    cursor.execute(f"select value from {tables.SETTINGS} where name = 'currency'")  # noqa: S608 - our own names
    return cursor.fetchall()[0][0]


def open_batch(
    cursor: adbc.Cursor,
    file: Received,
    mapping: FileMapping,
    currency: str,
    counts: tuple[int, int, int],
    opening: BatchOpening,
) -> int | None:
    """Inserts the batch and returns its id; None if another process has just loaded this delivery. Withdraws the batch
    that a replay replaces.

    counts: rows received, loaded and unreadable. The unique key of the table decides between two loads of the same
    file: the second waits here until the first has ended.
    """
    cursor.execute(
        f"insert into {tables.BATCHES} (source, file_name, content_sha256, mapping_sha256, currency, rows_received, "  # noqa: S608 - our own names
        "rows_loaded, rows_unreadable, delivery, landed, replay_of, kind, row_key) "
        "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) on conflict do nothing returning batch_id",
        (
            mapping.source,
            file.name,
            file.sha256,
            mapping.sha256,
            currency,
            *counts,
            opening.delivery,
            opening.landed,
            opening.replay_of,
            mapping.kind,
            mapping.row_key,
        ),
    )
    found = cursor.fetchall()
    if found and opening.replayed is not None:
        cursor.execute(
            f"insert into {tables.WITHDRAWALS} (batch_id, reason) values ($1, $2) on conflict do nothing",  # noqa: S608 - our own names
            (opening.replayed, f"replayed as batch {found[0][0]}"),
        )
    return found[0][0] if found else None


def copy_rows(
    cursor: adbc.Cursor,
    duck: duckdb.DuckDBPyConnection,
    query: str,
    into: str,
    batch_id: int,
    source: str,
    progress: Callable[[int], None],
) -> int:
    """Copies the rows of a DuckDB query into a table of raw in chunks; returns the number of rows."""
    sql = f"select {batch_id}::bigint as _batch_id, {literal(source)} as _source, * from ({query})"  # noqa: S608 - our own SQL; values are bound or quoted
    reader = duck.sql(sql).to_arrow_reader(CHUNK_ROWS)
    done = 0

    def counted() -> Iterator[pa.RecordBatch]:
        nonlocal done
        for batch in reader:
            yield batch
            done += batch.num_rows
            progress(done)

    schema, table = into.split(".")
    batches = pa.RecordBatchReader.from_batches(reader.schema, counted())
    cursor.adbc_ingest(table, batches, mode="append", db_schema_name=schema)
    return done


def copy_unreadable(cursor: adbc.Cursor, batch_id: int, file: Received, unreadable: list[Unreadable]) -> None:
    """Copies the unreadable rows into quarantine, and their texts into pii."""
    if not unreadable:
        return
    places = {
        "batch_id": pa.array([batch_id] * len(unreadable), pa.int64()),
        "line": pa.array([row.line for row in unreadable], pa.int64()),
    }
    reasons = [row.reason.replace("\0", "") for row in unreadable]
    texts = [row.raw_text.replace("\0", "") for row in unreadable]
    for name, values in (
        (tables.UNREADABLE_ROWS, {"file_name": [file.name] * len(unreadable), "reason": reasons}),
        (tables.UNREADABLE_TEXTS, {"raw_text": texts}),
    ):
        schema, table = name.split(".")
        cursor.adbc_ingest(table, pa.table({**places, **values}), mode="append", db_schema_name=schema)


def copy_warnings(cursor: adbc.Cursor, batch_id: int, warnings: list[str]) -> None:
    """Stores the warnings of a batch's file with the batch."""
    for place, warning in enumerate(warnings, 1):
        cursor.execute(
            f"insert into {tables.BATCH_WARNINGS} (batch_id, place, warning) values ($1, $2, $3)",  # noqa: S608 - our own names
            (batch_id, place, warning),
        )


def copy_customers(cursor: adbc.Cursor, customers: pa.Table, source: str) -> None:
    """Adds new customers, and updates the e-mail and name of known ones if the file has other values.

    customers: customer_key (16 bytes), customer_id, email, name; one row per key.
    """
    cursor.execute(f"create temporary table received_customers (like {tables.CUSTOMERS}) on commit drop")
    cursor.execute("alter table received_customers drop constraint if exists received_customers_pkey")
    for column in ("source", "loaded_at"):
        cursor.execute(f"alter table received_customers alter column {column} drop not null")
    cursor.adbc_ingest("received_customers", customers, mode="append", temporary=True)
    cursor.execute("analyze received_customers")
    # Insert in the order of keys, so that two simultaneous loads cannot deadlock. Leave out known customers without
    # other values, since an insert locks each row that it meets.
    cursor.execute(
        f"""
        insert into {tables.CUSTOMERS} as known (customer_key, source, customer_id, email, name)
        select customer_key, $1::text, customer_id, email, name
        from received_customers as received
        where not exists (
            select from {tables.CUSTOMERS} as known
            where known.customer_key = received.customer_key
                and (received.email is null or received.email = known.email)
                and (received.name is null or received.name = known.name)
        )
        order by customer_key
        on conflict (customer_key) do update
        set email = coalesce(excluded.email, known.email), name = coalesce(excluded.name, known.name)
        where excluded.email is distinct from known.email and excluded.email is not null
            or excluded.name is distinct from known.name and excluded.name is not null
        """,  # noqa: S608 - our own names
        (source,),
    )


def copy_addresses(cursor: adbc.Cursor, addresses: pa.Table, batch_id: int) -> None:
    """Adds the digests of addresses that a batch states. addresses: as `gathered.addresses` returns them."""
    places = pa.array([batch_id] * addresses.num_rows, pa.int64())
    schema, table = tables.ADDRESSES.split(".")
    cursor.adbc_ingest(table, addresses.add_column(0, "batch_id", places), mode="append", db_schema_name=schema)
