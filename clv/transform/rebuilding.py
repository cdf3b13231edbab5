"""`clv rebuild`: builds staging and intermediate whole, or compares them with a whole build."""

from __future__ import annotations

import psycopg

from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.transform import comparing, dbt, notes
from clv.warehouse import db, locks
from clv.warehouse.roles import TRANSFORMER


def rebuild(settings: Settings) -> dict[str, int]:
    """Builds staging and intermediate whole from the rows as received. Returns the rows per table.

    Raises ClvError as dbt.build does.
    """
    built = [dbt.build(layer, {}, settings, whole=True)["rows"] for layer in notes.FROM_RAW]
    return {table: rows for layer in built for table, rows in layer.items()}


def check(settings: Settings) -> dict[str, int]:
    """Compares staging and intermediate with a whole build, and changes nothing. Returns how many rows differ per
    table, for tables that differ.

    Raises ClvError if they are not up to date with the rows as received.
    """
    with (
        db.lock(locks.BUILD, settings.url_as(TRANSFORMER)),
        db.connect(settings.url_as(TRANSFORMER)) as connection,
    ):
        # The rows that arrive meanwhile are not compared, since the tables do not have them either.
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        compiled = {layer: notes.compiled(layer, connection) for layer in notes.FROM_RAW}
        current = all(notes.built_from(one, connection) == notes.state(one, connection) for one in notes.FROM_RAW)
        if not current:
            raise ClvError(
                "the tables are not up to date with the files: start a run (`clv run --as-of DAY`), then compare, or "
                "build them whole with `clv rebuild`"
            )
        found = comparing.differences(connection, {layer: one for layer, one in compiled.items() if one})
        connection.rollback()
    return found
