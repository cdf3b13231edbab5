"""Keeps staging and intermediate right when rows of raw were changed in place, by an erasure or a rotated key.

Everything happens in the transaction that changes raw.
"""

from __future__ import annotations

import logging
from collections.abc import Collection

import psycopg

from clv.catalog import tables
from clv.transform import delta, notes
from clv.transform.temporary import NotByDeltaError, TooMuchError

log = logging.getLogger("clv.transform")


def erased(connection: psycopg.Connection, batches: Collection[int]) -> None:
    """Changes staging and intermediate where an erasure emptied rows. Then a run that has begun passes its gates, and
    the next build has nothing to make up for.

    batches: those whose rows were changed. The erased persons' keys are gone from every table already. If the layers
    cannot be changed, the next run builds them whole; until then these batches count as not processed.
    """
    if not batches:
        return
    staging, intermediate = (notes.compiled(layer, connection) for layer in notes.FROM_RAW)
    if staging is not None:  # else it was never built, or by other SQL
        try:
            with connection.transaction():
                delta.staging(connection, staging, batches)
                if intermediate is not None:
                    for relation in delta.OF_CUSTOMERS:  # intermediate reads other rows
                        connection.execute(f"drop table pg_temp.{relation.partition('.')[2]}")  # type: ignore[arg-type]
                    delta.intermediate(connection, intermediate)
                    if notes.noted(notes.MADE_OF, connection):
                        notes.note_made_of(connection)
            return
        except (NotByDeltaError, psycopg.Error) as error:
            if connection.closed:
                raise
            if not isinstance(error, TooMuchError):
                reason = " ".join(str(error).split())[:500]
                log.warning("the next run builds whole, since rows around erased ones could not be changed: %s", reason)
    forget(connection)
    if _has_column("stg_batch_counts", "batch_id", connection):
        connection.execute(f"delete from {tables.STG_BATCH_COUNTS} where batch_id = any(%s)", ([*batches],))  # noqa: S608 - our own name


def forget(connection: psycopg.Connection) -> None:
    """Makes the next run build staging and intermediate whole. Until then, staging has no hash of a row key or an order
    id that raw no longer has: somebody who knows one could find it by its hash."""
    notes.forget(connection)
    if not _has_column("stg_line_verdicts", "row_hash", connection):
        return  # not built yet
    connection.execute(
        f"""
        update staging.stg_line_verdicts
        set order_hash = ops.group_hash('order', _source, order_id), row_hash = ops.group_hash('row', _source, _row_key)
        from {tables.ORDER_LINES} where batch_id = _batch_id and line = _line and entry = _entry
            and (order_hash, row_hash) is distinct from
                (ops.group_hash('order', _source, order_id), ops.group_hash('row', _source, _row_key))
        """  # noqa: S608 - our own names
    )


def _has_column(table: str, column: str, connection: psycopg.Connection) -> bool:
    query = """
        select from information_schema.columns
        where table_schema = 'staging' and table_name = %s and column_name = %s
    """
    return bool(connection.execute(query, (table, column)).fetchall())
