"""Destinations that are tables in another database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from clv.decisions.exporting.declaration import Table
from clv.decisions.exporting.ledger import Batch, Scope
from clv.sources.fetching.database import connected
from clv.sources.fetching.secrets import Secrets

KEY = "idempotency_key"
TYPES = {
    "as_of_date": sa.Date(),
    "place": sa.Integer(),
    **dict.fromkeys(["value_at_stake", "value_at_stake_p10", "value_at_stake_p90"], sa.Numeric(18, 2)),
}  # of columns that are no text


def send(
    declared: Table,
    secrets: Secrets,
    scope: Scope,  # noqa: ARG001 - as the other destinations
    batch: Batch,
    rows: Sequence[dict[str, Any]],
) -> None:
    """Writes the rows of a batch in one transaction, in place of those that an interrupted export may have written.
    Creates the table if it does not exist. Raises ClvError, or Unavailable if the database does not answer."""
    with connected(declared.url, secrets, is_written=True) as connection, connection.begin():
        table = _table(declared)
        table.create(connection, checkfirst=True)
        connection.execute(table.delete().where(table.c[KEY] == batch.key))
        connection.execute(table.insert(), [{**row, KEY: batch.key} for row in rows])


def _table(declared: Table) -> sa.Table:
    schema, _, name = declared.table.rpartition(".")
    listed = [sa.Column(column, TYPES.get(column, sa.Text())) for column in declared.columns]
    return sa.Table(name, sa.MetaData(), *listed, sa.Column(KEY, sa.String(32)), schema=schema or None)
