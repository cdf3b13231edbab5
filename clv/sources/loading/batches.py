"""One file into raw: a batch, in one transaction."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from clv.catalog import tables
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.sources.connectors import files
from clv.sources.connectors.files import Received
from clv.sources.formats import reading
from clv.sources.formats.received import Unreadable, first_line
from clv.sources.kinds.ad_spend import spend
from clv.sources.kinds.orders import doubts, mapped
from clv.sources.loading import currencies, erased_rows, kept, texts, writing
from clv.sources.loading import warnings as noticed
from clv.sources.loading.writing import Opening
from clv.sources.mapping import zones
from clv.sources.mapping.language import FileMapping, Mapping, SpendMapping
from clv.warehouse import db, erasures, locks, pseudonyms
from clv.warehouse.roles import LOADER

Progress = Callable[[str, int, int], None]  # file, rows done, rows in all
MEMORY = "2GB"  # DuckDB's share; what is more goes to a scratch file
SCRATCH_SHARE = 0.5  # of what the disk has free


@dataclass(frozen=True)
class BatchResult:
    """What became of one file: received = loaded + unreadable. Of a file loaded before, its earlier batch, and whether
    that is withdrawn. `usable` rows were loaded with all that an order needs, and no filter sets them aside; of erased
    customers nothing was loaded but `erased_lines`, their rows' places. `lacking` are the loaded rows that are neither.
    `warnings` name what may be meant otherwise; `doubts`, once all files are loaded, what looks wrong
    beside the files before."""

    batch_id: int
    file_name: str
    received: int
    loaded: int
    unreadable: int
    already_loaded: bool
    withdrawn: bool = False
    delivery: int = 1
    usable: int | None = None
    erased_lines: tuple[int, ...] = ()
    lacking: int = 0
    warnings: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def load_file(
    path: Path,
    name: str,
    mapping: FileMapping,
    settings: Settings,
    progress: Progress | None,
    landed: bool,
    today: date | None = None,
) -> BatchResult:
    """Loads one file, unless its content is there already and holds. Raises ClvError; then nothing of it is written.

    today: the day, in the reporting zone, after which a date of the file's is warned of.
    """
    with scratch_folder(settings) as scratch:
        file = files.prepare(path, name, mapping.encoding, scratch)
        delivery = next_delivery(file.sha256, mapping, settings)  # before it is looked for, so that none comes between
        earlier = _earlier_batch(file, mapping, settings)
        if earlier and not _overtaken(earlier, file, mapping, settings, landed):
            return earlier
        opening = Opening(delivery, landed)
        result = load_batch(file, mapping, settings, opening, scratch, progress, today)
        set_aside = result and result.received - (result.usable or 0) - len(result.erased_lines)
        if result and set_aside and settings.database == "warehouse":
            # Whoever was erased since the load is not in the copy either; nobody is while it is made.
            with db.lock(locks.CUSTOMERS, settings.url_as(LOADER), shared=True):
                file = replace(
                    file, sha256=erased_rows.digest(result.batch_id, settings)
                )  # an erasure may have changed the file
                kept.keep(path, file, mapping, settings, scratch, erased_rows.places(result.batch_id, settings))
    # Somebody else loaded the same content in the meantime where there is no result.
    return result or _earlier_batch(file, mapping, settings) or _vanished(file)


@contextmanager
def scratch_folder(settings: Settings) -> Iterator[Path]:
    """A folder for one load's files, removed at its end."""
    scratches = settings.home / "tmp"  # where upkeep finds what a killed load left
    scratches.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ingest-", dir=scratches) as folder:
        scratch = Path(folder)
        yield scratch


def load_batch(
    file: Received,
    mapping: FileMapping,
    settings: Settings,
    opening: Opening,
    scratch: Path,
    progress: Progress | None = None,
    today: date | None = None,
) -> BatchResult | None:
    """Loads a prepared file as a new batch. None where somebody else has just loaded this delivery, or where it is a
    replay that would free no row. Raises ClvError; then nothing is written."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY,
        "temp_directory": str(scratch / "spill"),
        "max_temp_directory_size": f"{int(shutil.disk_usage(scratch).free * SCRATCH_SHARE)}B",
    }
    try:
        with duckdb.connect(config=config) as duck:
            duck.execute("set TimeZone = 'UTC'")
            load = _load_spend if isinstance(mapping, SpendMapping) else _load_orders
            return load(duck, file, mapping, settings, progress or (lambda *_: None), opening, today)  # type: ignore[arg-type]
    except duckdb.Error as error:
        raise ClvError(
            f"{file.name} cannot be loaded through the mapping {mapping.source} ({first_line(error)}); "
            "mend the file or the mapping"
        ) from None


def next_delivery(sha256: str, mapping: FileMapping, settings: Settings) -> int:
    """Which delivery of a content, through this mapping, the next one is, from 1."""
    query = f"""
        select coalesce(max(delivery), 0) + 1 from {tables.BATCHES}
        where source = %s and content_sha256 = %s and mapping_sha256 = %s
    """  # noqa: S608 - our own names
    return db.rows(query, (mapping.source, sha256, mapping.sha256), settings.url_as(LOADER))[0][0]


def _vanished(file: Received) -> BatchResult:
    raise ClvError(f"another load of {file.name} did not end well; load it again")


def _earlier_batch(file: Received, mapping: FileMapping, settings: Settings) -> BatchResult | None:
    """The latest batch of this content whose rows were told apart as the mapping tells them now."""
    query = f"""
        select batch_id, file_name, rows_received, rows_loaded, rows_unreadable, true,
            batch_id in (select batch_id from {tables.WITHDRAWALS}), delivery
        from {tables.BATCHES} where source = %s and content_sha256 = %s and mapping_sha256 = %s
            and coalesce(row_key, %s::text) is not distinct from %s::text
        order by delivery desc limit 1
    """  # noqa: S608 - our own names
    row_key = mapping.row_key if isinstance(mapping, Mapping) else None
    values = (mapping.source, file.sha256, mapping.sha256, row_key, row_key)
    found = db.rows(query, values, settings.url_as(LOADER))
    return BatchResult(*found[0]) if found else None


def _overtaken(earlier: BatchResult, file: Received, mapping: FileMapping, settings: Settings, landed: bool) -> bool:
    """Whether another content has come under this file's name since its earlier batch, and holds.

    To a file that lies in the landing folder only what lay there too counts: it would else undo, with the next run,
    a correction made by `clv ingest`.
    """
    query = f"""
        select 1 from {tables.BATCHES}
        where source = %s and file_name = %s and (landed or not %s)
            and coalesce(replay_of, batch_id) > (
                select coalesce(replay_of, batch_id) from {tables.BATCHES} where batch_id = %s
            )
            and batch_id not in (select batch_id from {tables.WITHDRAWALS})
        limit 1
    """  # noqa: S608 - our own names
    return bool(db.rows(query, (mapping.source, file.name, landed, earlier.batch_id), settings.url_as(LOADER)))


def _load_orders(
    duck: duckdb.DuckDBPyConnection,
    file: Received,
    mapping: Mapping,
    settings: Settings,
    progress: Progress,
    opening: Opening,
    today: date | None,
) -> BatchResult | None:
    unreadable = reading.read(duck, file, mapping)
    codes = currencies.stated(duck, mapping)
    with writing.transaction(settings.url_as(LOADER)) as cursor:
        writing.hold_customers(cursor)
        erased = erasures.erased(settings)
        currency = currencies.claimed(cursor, file, mapping, codes, settings.shop.currency)
        met = zones.met(duck, mapping)
        duck.execute(mapped.parsed_view(met, settings.shop.time_zone, currency, bool(codes)))
        gone = erased_rows.lines(duck, mapping, erased)
        values = _unreadable_values(duck, file, mapping)
        unreadable = sorted(unreadable + values, key=lambda row: row.line)
        gone |= {row.line for row in unreadable if erased and texts.names_erased(row.raw_text, mapping, erased)}
        unreadable = [Unreadable(row.line, mapped.ERASED, "") if row.line in gone else row for row in unreadable]
        usable, emptied, loaded = duck.execute(
            f"select count(*) filter ({mapped.USABLE} and _line not in (select _line from erased)), "  # noqa: S608 - our own names
            "count(*) filter (_line in (select _line from erased)), count(*) "
            "from parsed anti join unreadable using (_line)"
        ).fetchall()[0]
        if opening.usable_before is not None and usable <= opening.usable_before:
            return None
        used = ",".join(codes) or currency
        counts = (loaded + len(unreadable), loaded, len(unreadable))
        batch_id = writing.open_batch(cursor, file, mapping, used, counts, opening)
        if batch_id is None:
            return None
        customers = _customers(duck, mapping, settings)
        duck.register("customers", customers)
        duck.execute(mapped.repeats(mapping))
        query = mapped.export_query(mapping)
        if gone:
            query = erased_rows.emptied(duck, query, mapping, batch_id, settings)
        written = writing.copy_rows(
            cursor,
            duck,
            query,
            tables.ORDER_LINES,
            batch_id,
            mapping.source,
            lambda done: progress(file.name, done, loaded),
        )
        if written != loaded:  # the transaction is rolled back
            raise RuntimeError(f"{file.name}: {loaded} rows were counted and {written} written")
        writing.copy_unreadable(cursor, batch_id, file, unreadable)
        warned = [*noticed.found(duck, met, settings.shop.time_zone, today), *doubts.amounts_twice(duck, mapping)]
        writing.copy_warnings(cursor, batch_id, warned)
        writing.copy_customers(cursor, customers, mapping.source)
    return BatchResult(
        batch_id, file.name, *counts, already_loaded=False, delivery=opening.delivery, usable=usable,
        erased_lines=tuple(sorted(gone)), lacking=loaded - usable - emptied, warnings=tuple(warned),
    )  # fmt: skip


def _load_spend(
    duck: duckdb.DuckDBPyConnection,
    file: Received,
    mapping: SpendMapping,
    settings: Settings,
    progress: Progress,
    opening: Opening,
    today: date | None,
) -> BatchResult | None:
    """Like `_load_orders`; there are no persons in ad spend."""
    unreadable = reading.read(duck, file, mapping)
    codes = currencies.stated(duck, mapping)
    with writing.transaction(settings.url_as(LOADER)) as cursor:
        currency = currencies.claimed(cursor, file, mapping, codes, settings.shop.currency)
        duck.execute(spend.parsed_view(mapping, settings.shop.time_zone, currency, bool(codes)))
        warned = noticed.found(duck, mapping, settings.shop.time_zone, today)
        unreadable = sorted(unreadable + _unreadable_values(duck, file, mapping), key=lambda row: row.line)
        usable, loaded = duck.execute(
            "select count(*) filter (_rule is null), count(*) from parsed anti join unreadable using (_line)"
        ).fetchall()[0]
        if opening.usable_before is not None and usable <= opening.usable_before:
            return None
        counts = (loaded + len(unreadable), loaded, len(unreadable))
        batch_id = writing.open_batch(cursor, file, mapping, ",".join(codes) or currency, counts, opening)
        if batch_id is None:
            return None
        written = writing.copy_rows(
            cursor, duck, spend.export_query(), tables.CHANNEL_SPEND, batch_id, mapping.source,
            lambda done: progress(file.name, done, loaded),
        )  # fmt: skip
        if written != loaded:  # the transaction is rolled back
            raise RuntimeError(f"{file.name}: {loaded} rows were counted and {written} written")
        writing.copy_unreadable(cursor, batch_id, file, unreadable)
        writing.copy_warnings(cursor, batch_id, warned)
    return BatchResult(
        batch_id, file.name, *counts, already_loaded=False, delivery=opening.delivery, usable=usable,
        lacking=loaded - usable, warnings=tuple(warned),
    )  # fmt: skip


def _unreadable_values(duck: duckdb.DuckDBPyConnection, file: Received, mapping: FileMapping) -> list[Unreadable]:
    """Rows with a time or a number that is there and cannot be read; makes the table unreadable(_line) of them."""
    duck.execute("create table found as select _line, _reason from parsed where _reason is not null and _kind = ''")
    duck.execute("create table unreadable as select _line from found")
    found = duck.execute("from found").fetchall()
    if not found:
        return []
    texts = reading.raw_texts(duck, file, mapping, [line for line, _ in found])
    return [Unreadable(line, reason, texts.get(line, "")) for line, reason in found]


def _customers(duck: duckdb.DuckDBPyConnection, mapping: Mapping, settings: Settings) -> pa.Table:
    """The file's customers with their keys: customer_key, customer_id, email, name (the last ones of the file)."""
    query = """
        select customer_id, arg_max(email, _line) as email, arg_max(name, _line) as name
        from parsed anti join unreadable using (_line) anti join erased_customers using (customer_id)
        where customer_id is not null group by customer_id
    """
    found = duck.sql(query).to_arrow_table()
    secret = pseudonyms.secret(settings)
    keys = pseudonyms.customer_keys(secret, found["customer_id"].to_pylist(), mapping.customer_namespace)
    return found.add_column(0, "customer_key", pa.array(keys, pa.binary()))
