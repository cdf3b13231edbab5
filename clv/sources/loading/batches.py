"""Loads one file into raw as a batch, in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import duckdb
import pyarrow as pa

from clv.core.settings import Settings
from clv.core.sql_text import quoted
from clv.sources.connectors.files import Received
from clv.sources.connectors.protocol import Batch
from clv.sources.formats import reading as formats
from clv.sources.formats.received import Unreadable
from clv.sources.identities import gathered
from clv.sources.kinds import registry
from clv.sources.kinds.columns_sql import ERASED
from clv.sources.kinds.declared import Kind
from clv.sources.loading import copies, currencies, erased_rows, ledger, texts, writing
from clv.sources.loading.landed import Digests
from clv.sources.loading.ledger import BatchResult
from clv.sources.loading.reading import Reading, errors_of
from clv.sources.loading.writing import BatchOpening
from clv.sources.mapping import warnings, zones
from clv.sources.mapping.model import FileMapping
from clv.warehouse import db, erasures, locks, pseudonyms
from clv.warehouse.erasures import Erased
from clv.warehouse.roles import LOADER

Progress = Callable[[str, int, int], None]  # file, rows done, total rows


def begin(batch: Batch, mapping: FileMapping, settings: Settings, digests: Digests | None) -> Reading:
    """Returns a file that nothing was read of. digests: those of the landing folder, if the file lies in it."""
    reading = Reading(batch, settings, digests)
    if reading.known:
        reading.holding = ledger.holding_batch(batch.name, reading.known, mapping, settings, landed=True)
    return reading


def read_ahead(reading: Reading, mapping: FileMapping, settings: Settings, landed: bool) -> None:
    """Reads a file into its database, unless its content is loaded already. Writes nothing to the warehouse, so it may
    run while the file before it is loaded. Raises ClvError."""
    if reading.holding:
        return
    file = reading.prepare(mapping)
    if not ledger.holding_batch(reading.batch.name, file.sha256, mapping, settings, landed):
        reading.receive(file, mapping)


def load_file(
    reading: Reading,
    mapping: FileMapping,
    settings: Settings,
    progress: Progress | None,
    landed: bool,
    today: date | None = None,
) -> BatchResult:
    """Loads one file. If its content is loaded already, returns the earlier result.

    today: the current day in the reporting zone; later dates in the file give a warning. Raises ClvError; then nothing
    is written.
    """
    if reading.holding:
        return reading.holding
    name, path = reading.batch.name, reading.batch.path
    file = reading.prepare(mapping)
    # Number the delivery before looking for an earlier batch. If another process loads the same content in between,
    # both loads have the same number, and a unique key of the ledger admits only one of them.
    delivery = ledger.next_delivery(file.sha256, mapping, settings)
    if holding := ledger.holding_batch(name, file.sha256, mapping, settings, landed):
        return holding
    result = load_batch(reading, file, mapping, settings, BatchOpening(delivery, landed), progress, today)
    rejected = result and result.received - (result.usable or 0) - len(result.erased_lines)
    if result and rejected and settings.database == "warehouse":
        # Hold the customers' lock while copying, so that a customer erased after the load cannot reappear in the
        # copy.
        with db.lock(locks.CUSTOMERS, settings.url_as(LOADER), shared=True):
            # An erasure since the load may have changed the digest of the batch's file.
            file = replace(file, sha256=erased_rows.digest(result.batch_id, settings))
            erased_lines = erased_rows.places(result.batch_id, registry.of(mapping.kind, settings), settings)
            copies.keep(path, file, mapping, settings, reading.scratch, erased_lines)
    # There is no result if another process has loaded the same content meanwhile.
    return result or ledger.earlier_batch(file.sha256, mapping, settings) or ledger.raise_other_load_failed(name)


def load_batch(
    reading: Reading,
    file: Received,
    mapping: FileMapping,
    settings: Settings,
    opening: BatchOpening,
    progress: Progress | None = None,
    today: date | None = None,
) -> BatchResult | None:
    """Loads a prepared file as a new batch.

    Returns None if another process has just loaded this delivery, or if a replay would not make more rows usable.
    Raises ClvError; then nothing is written.
    """
    unreadable = reading.receive(file, mapping)
    with errors_of(file, mapping):
        return _load(reading.duck, unreadable, file, mapping, settings, progress or (lambda *_: None), opening, today)


def _load(
    duck: duckdb.DuckDBPyConnection,
    unreadable: list[Unreadable],
    file: Received,
    mapping: FileMapping,
    settings: Settings,
    progress: Progress,
    opening: BatchOpening,
    today: date | None,
) -> BatchResult | None:
    """Reads, checks, counts and writes the rows of a file in one transaction. The steps are the same for every kind."""
    kind, zone = registry.of(mapping.kind, settings), settings.shop.time_zone
    codes = currencies.stated(duck, mapping)
    with writing.transaction(settings.url_as(LOADER)) as cursor:
        if kind.rows_of_customer:
            writing.hold_customers(cursor)
        erased = erasures.erased(settings)
        currency = currencies.agreed(cursor, file, mapping, codes, settings)
        mapping = zones.with_known_zones(duck, mapping)
        duck.execute(kind.parsed_table(mapping, zone, currency, bool(codes)))
        others = [column.name for column in kind.columns if column.type == "other_customer"]
        erased_lines = erased_rows.lines(duck, mapping, erased, others)
        unreadable = _without_erased(
            unreadable + _unreadable_values(duck, file, mapping), erased_lines, mapping, erased
        )
        usable, emptied, loaded = _counts(duck, kind)
        if opening.usable_before is not None and usable <= opening.usable_before:
            return None
        counts = (loaded + len(unreadable), loaded, len(unreadable))
        batch_id = writing.open_batch(cursor, file, mapping, ",".join(codes) or currency, counts, opening)
        if batch_id is None:
            return None
        customers = _customers(duck, mapping, settings, others)
        duck.register("customers", customers)
        duck.execute(kind.preparation(mapping))
        query = kind.export_query(mapping)
        if erased_lines:
            query = kind.emptied(duck, query, mapping, batch_id, settings)
        written = writing.copy_rows(
            cursor, duck, query, kind.table, batch_id, mapping.source, lambda done: progress(file.name, done, loaded)
        )
        if written != loaded:  # the error rolls the transaction back
            raise RuntimeError(f"{file.name}: {loaded} rows were counted and {written} written")
        writing.copy_unreadable(cursor, batch_id, file, unreadable)
        found = warnings.found(duck, mapping, zone, today, kind.checks(mapping)) + kind.warnings(duck, mapping)
        writing.copy_warnings(cursor, batch_id, found)
        refunds_prevail = kind.refunds_prevail(duck, mapping)
        if customers.num_rows:
            writing.copy_customers(cursor, customers, mapping.source)
        if addresses := gathered.addresses(duck, kind.columns, settings):
            writing.copy_addresses(cursor, addresses, batch_id)
    return BatchResult(
        batch_id, file.name, *counts, already_loaded=False, delivery=opening.delivery, usable=usable,
        erased_lines=tuple(sorted(erased_lines)), lacking=loaded - usable - emptied, warnings=tuple(found),
        refunds_prevail=refunds_prevail,
    )  # fmt: skip


def _without_erased(
    unreadable: list[Unreadable], erased_lines: set[int], mapping: FileMapping, erased: Erased
) -> list[Unreadable]:
    """Returns the unreadable rows in order. Rows of erased customers lose their text, and their lines are added to
    `erased_lines`."""
    if erased and mapping.customer:
        erased_lines |= {row.line for row in unreadable if texts.names_erased(row.raw_text, mapping, erased)}
    rows = sorted(unreadable, key=lambda row: row.line)
    return [Unreadable(row.line, ERASED, "") if row.line in erased_lines else row for row in rows]


def _counts(duck: duckdb.DuckDBPyConnection, kind: Kind) -> tuple[int, int, int]:
    """Counts the readable rows: those that are usable, those of erased customers, and all."""
    needed = ["customer_id" if name == "customer_key" else name for name in kind.needed]
    usable = " and ".join(["_rule is null", *(f"{quoted(name)} is not null" for name in needed)])
    query = f"""
        select
            count(*) filter ({usable} and _line not in (select _line from erased)),
            count(*) filter (_line in (select _line from erased)), count(*)
        from parsed anti join unreadable using (_line)
    """  # noqa: S608 - our own SQL; values are bound or quoted
    return duck.execute(query).fetchall()[0]


def _unreadable_values(duck: duckdb.DuckDBPyConnection, file: Received, mapping: FileMapping) -> list[Unreadable]:
    """Returns the rows with an invalid value, such as a time or a number; creates the table unreadable(_line) of
    them."""
    duck.execute("create table found as select _line, _reason from parsed where _reason is not null and _kind = ''")
    duck.execute("create table unreadable as select _line from found")
    found = duck.execute("from found").fetchall()
    if not found:
        return []
    raw = formats.raw_texts(duck, file, mapping, [line for line, _ in found])
    return [Unreadable(line, reason, raw.get(line, "")) for line, reason in found]


def _customers(
    duck: duckdb.DuckDBPyConnection, mapping: FileMapping, settings: Settings, others: list[str]
) -> pa.Table:
    """Returns the file's customers: customer_key, customer_id, and the last email and name in the file. others: columns
    with the ids of further customers."""
    further = "".join(f" union all select {name}, null, null, _line from parsed" for name in map(quoted, others))  # noqa: S608 - our own names
    query = f"""
        with named as (select customer_id, email, name, _line from parsed{further})
        select customer_id, arg_max(email, _line) as email, arg_max(name, _line) as name
        from named anti join unreadable using (_line) anti join erased_customers using (customer_id)
        where customer_id is not null group by customer_id
    """  # noqa: S608 - our own SQL; values are bound or quoted
    found = duck.sql(query).to_arrow_table()
    secret = pseudonyms.secret(settings)
    keys = pseudonyms.customer_keys(secret, found["customer_id"].to_pylist(), mapping.customer_namespace)
    return found.add_column(0, "customer_key", pa.array(keys, pa.binary()))
