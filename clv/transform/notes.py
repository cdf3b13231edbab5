"""Notes in the warehouse (rows of ops.builds) of what the layers that depend only on raw and on the SQL, staging and
intermediate, were built from. A layer whose note is missing is built whole."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict

import psycopg

from clv.catalog import dbt_project, tables
from clv.transform.temporary import Compiled

# The layers, each with one of its tables. They are not built again while neither raw nor the SQL has changed.
FROM_RAW = {"staging": tables.STG_CHANNEL_SPEND, "intermediate": tables.INT_ORDER_LINE_VERSIONS}
# The note that records which state of staging the intermediate tables were built from, and the SQL of this state.
MADE_OF = "intermediate_made_of"
PERSONS = "intermediate_persons"  # the note that records which ids intermediate counts under another key
STAGING_STATE = f"""(
    select md5(coalesce(string_agg(
        concat_ws('-', batch_id, rows_accepted, rows_replaced, rows_withdrawn), ',' order by batch_id
    ), '')) from {tables.STG_BATCH_COUNTS}
)"""  # noqa: S608 - our own names
PERSON_KEYS = f"""(
    select md5(coalesce(string_agg(account_key || '-' || customer_key, ',' order by account_key), ''))
    from {tables.PERSON_KEYS}
)"""  # noqa: S608 - our own names
NO_PERSONS = "md5('')"  # what PERSON_KEYS gives while no ids are linked
SET_UP_BY = "set_up_by"  # the note that records the digest of the SQL of staging and intermediate at the last set-up


def sql_digest() -> str:
    """A digest of the SQL of staging and intermediate, and of their data tests."""
    return dbt_project.digest("*.yml", "macros/*", "models/[si]*/*", "tests/generic/*.sql")


def state(layer: str, connection: psycopg.Connection) -> str:
    """A digest of everything that a layer is built from. Its batches stand for the rows of raw, which are only added:
    what changes rows in place calls changed_raw."""
    digest = hashlib.sha256(made_by(connection).encode())
    query = f"""
        select
            (select string_agg(batch_id || ':' || rows_received, ',' order by batch_id) from {tables.BATCHES}),
            (select string_agg(batch_id::text, ',' order by batch_id) from {tables.WITHDRAWALS})
    """  # noqa: S608 - our own names
    digest.update(repr(connection.execute(query).fetchall()).encode())
    if layer == "intermediate":  # it is built from staging, which may be older than raw
        digest.update(str(built_from("staging", connection) or time.time_ns()).encode())
        digest.update(connection.execute(f"select {PERSON_KEYS}").fetchall()[0][0].encode())  # type: ignore[arg-type]
    return digest.hexdigest()


def made_by(connection: psycopg.Connection) -> str:
    """A digest of everything that dbt compiles a layer's SQL from: the models, the kinds of sources, the database, and
    whether any ids are linked."""
    query = f"""
        select
            current_database(), array(select kinds::text from {tables.KINDS} order by kind),
            exists (select from {tables.IDENTITY_LINKS})
    """  # noqa: S608 - our own names
    return hashlib.sha256(f"{sql_digest()}{connection.execute(query).fetchall()}".encode()).hexdigest()


def built_from(layer: str, connection: psycopg.Connection) -> str | None:
    """The state that a layer was last built from; None if its last build is not known or did not end."""
    there = connection.execute("select to_regclass(%s) is not null", (FROM_RAW[layer],)).fetchall()[0][0]
    return noted(f"built_{layer}", connection) if there else None


def compiled(layer: str, connection: psycopg.Connection) -> Compiled | None:
    """The SQL that the layer was built by, as dbt compiled it; None if dbt would compile another one now."""
    digest, _, kept = (noted(f"sql_of_{layer}", connection) or "").partition("\n")
    return Compiled(**json.loads(kept)) if digest == made_by(connection) else None


def note_compiled(layer: str, sql: Compiled, made_by: str, connection: psycopg.Connection) -> None:
    """Keeps the compiled SQL that a layer was built by. made_by: what it was compiled from, read before dbt did."""
    note(f"sql_of_{layer}", f"{made_by}\n{json.dumps(asdict(sql))}", connection)


def noted(name: str, connection: psycopg.Connection) -> str | None:
    """The value of a note; None if there is none."""
    found = connection.execute(f"select value from {tables.BUILDS} where name = %s", (name,)).fetchall()  # noqa: S608 - our own names
    return found[0][0] if found else None


def note(name: str, value: str | None, connection: psycopg.Connection) -> None:
    """Writes a note in place of the one of this name; None only removes that."""
    connection.execute(f"delete from {tables.BUILDS} where name = %s", (name,))  # noqa: S608 - our own names
    if value is not None:
        connection.execute(f"insert into {tables.BUILDS} values (%s, %s)", (name, value))  # noqa: S608 - our own names


def note_made_of(connection: psycopg.Connection) -> None:
    """Notes that intermediate is built from the present state of staging and of ops.person_keys."""
    staging, persons = connection.execute(f"select {STAGING_STATE}, {PERSON_KEYS}").fetchall()[0]  # type: ignore[arg-type]
    note(MADE_OF, staging, connection)
    note(PERSONS, persons, connection)


def forget(connection: psycopg.Connection, *layers: str) -> None:
    """Makes the next run build these layers whole (default: all). Needed when rows of raw changed although no batch was
    added."""
    names = [f"built_{layer}" for layer in layers or FROM_RAW]
    connection.execute(f"delete from {tables.BUILDS} where name = any(%s)", (names,))  # noqa: S608 - our own names
