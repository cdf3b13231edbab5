"""Ingestion: files as they come, through a mapping in sources/, into raw. docs/sources.md explains the mappings.

A file is a batch: it is loaded whole, in one transaction, or not at all, and the same content once.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from clv import tables, warehouse
from clv.errors import ClvError
from clv.ingest import files, mapped, pseudonyms, reading, writing
from clv.ingest.files import Received
from clv.ingest.mapping import Mapping, checked_zone, known_sources, load_mapping
from clv.ingest.received import Unreadable, first_line
from clv.settings import Settings

__all__ = ["BatchResult", "known_sources", "landing", "load", "restore", "withdraw"]

Progress = Callable[[str, int, int], None]  # file, rows done, rows in all
MEMORY = "2GB"  # DuckDB's share; what is more goes to a scratch file
NO_CURRENCY = "XXX"  # ISO 4217's code for none: a warehouse whose sources state none


@dataclass(frozen=True)
class BatchResult:
    """What became of one file: received = loaded + unreadable. Of a file loaded before, its earlier batch, and whether
    that is withdrawn."""

    batch_id: int
    file_name: str
    received: int
    loaded: int
    unreadable: int
    already_loaded: bool
    withdrawn: bool = False
    delivery: int = 1


def load(
    source: str, path: Path | str, settings: Settings, progress: Progress | None = None, landed: bool = False
) -> list[BatchResult]:
    """Loads a file, or every readable file of a folder in order of its name, through the mapping `source`.

    `landed` says that they lie in the landing folder: they stay there, and are no new delivery because of that.
    Raises ClvError, naming file and mend, at the first file that cannot be loaded; the files before it stay loaded.
    """
    mapping = load_mapping(source, settings)
    checked_zone(settings.shop["time_zone"], "shop.json")
    _adopt_currency(settings)
    return [_load_file(file, name, mapping, settings, progress, landed) for file, name in files.find(Path(path))]


def landing(settings: Settings, progress: Progress | None = None) -> list[BatchResult]:
    """Loads what lies in the landing folder, landing/<source>/…, and was not loaded before. Other files are let be."""
    _adopt_currency(settings)
    results: list[BatchResult] = []
    for folder in sorted(settings.landing.iterdir()) if settings.landing.is_dir() else []:
        if folder.is_dir() and not folder.name.startswith(".") and files.inside(folder):
            results += load(folder.name, folder, settings, progress, landed=True)
    return results


def withdraw(batch_id: int, reason: str, settings: Settings | None = None) -> None:
    """Takes a batch back: its rows stay in raw and are set aside from the next build on. Raises ClvError if unknown."""
    with warehouse.connect(settings.warehouse_url if settings else None) as connection:
        if not connection.execute(f"select 1 from {tables.BATCHES} where batch_id = %s", (batch_id,)).fetchone():
            raise ClvError(f"there is no batch {batch_id}; `select * from {tables.BATCHES}` lists them")
        connection.execute(
            f"insert into {tables.WITHDRAWALS} (batch_id, reason) values (%s, %s) on conflict (batch_id) do nothing",
            (batch_id, reason),
        )


def restore(batch_id: int, settings: Settings | None = None) -> None:
    """Undoes `withdraw`. Raises ClvError when the batch was not withdrawn."""
    with warehouse.connect(settings.warehouse_url if settings else None) as connection:
        if not connection.execute(f"delete from {tables.WITHDRAWALS} where batch_id = %s", (batch_id,)).rowcount:
            raise ClvError(
                f"batch {batch_id} was not withdrawn; `select * from {tables.WITHDRAWALS}` lists those that were"
            )


def _load_file(
    path: Path, name: str, mapping: Mapping, settings: Settings, progress: Progress | None, landed: bool
) -> BatchResult:
    scratches = settings.home / "tmp"  # where upkeep finds what a killed load left
    scratches.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ingest-", dir=scratches) as folder:
        scratch = Path(folder)
        file = files.prepare(path, name, mapping.encoding, scratch)
        earlier = _earlier_batch(file, mapping, settings)
        if earlier and not _overtaken(earlier, file, mapping, settings, landed):
            return earlier
        delivery = earlier.delivery + 1 if earlier else 1
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": MEMORY,
            "temp_directory": str(scratch / "spill"),
        }
        try:
            with duckdb.connect(config=config) as duck:
                duck.execute("set TimeZone = 'UTC'")
                said = progress or (lambda *_: None)
                result = _load_batch(duck, file, mapping, settings, said, delivery, landed)
        except duckdb.Error as error:
            raise ClvError(
                f"{name} cannot be loaded through the mapping {mapping.source} ({first_line(error)}); "
                "mend the file or the mapping"
            ) from None
    # Somebody else loaded the same content in the meantime where there is no result.
    return result or _earlier_batch(file, mapping, settings) or _vanished(file)


def _vanished(file: Received) -> BatchResult:
    raise ClvError(f"another load of {file.name} did not end well; load it again")


def _earlier_batch(file: Received, mapping: Mapping, settings: Settings) -> BatchResult | None:
    """The latest batch of this content."""
    query = f"""
        select batch_id, file_name, rows_received, rows_loaded, rows_unreadable, true,
            batch_id in (select batch_id from {tables.WITHDRAWALS}), delivery
        from {tables.BATCHES} where source = %s and content_sha256 = %s and mapping_sha256 = %s
        order by delivery desc limit 1
    """
    found = warehouse.rows(query, (mapping.source, file.sha256, mapping.sha256), settings.warehouse_url)
    return BatchResult(*found[0]) if found else None


def _overtaken(earlier: BatchResult, file: Received, mapping: Mapping, settings: Settings, landed: bool) -> bool:
    """Whether another content has come under this file's name since its earlier batch, and holds.

    To a file that lies in the landing folder only what lay there too counts: it would else undo, with the next run,
    a correction made by `clv ingest`.
    """
    query = f"""
        select 1 from {tables.BATCHES}
        where source = %s and file_name = %s and batch_id > %s and (landed or not %s)
            and batch_id not in (select batch_id from {tables.WITHDRAWALS})
        limit 1
    """
    return bool(warehouse.rows(query, (mapping.source, file.name, earlier.batch_id, landed), settings.warehouse_url))


def _load_batch(
    duck: duckdb.DuckDBPyConnection,
    file: Received,
    mapping: Mapping,
    settings: Settings,
    progress: Progress,
    delivery: int,
    landed: bool,
) -> BatchResult | None:
    unreadable = reading.read(duck, file, mapping)
    codes = _codes(duck, mapping)
    with writing.transaction(settings.warehouse_url) as cursor:
        currency = _currency(cursor, file, mapping, codes, settings.shop["currency"])
        duck.execute(mapped.parsed_view(mapping, settings.shop["time_zone"], currency, bool(codes)))
        values = _unreadable_values(duck, file, mapping)
        unreadable = sorted(unreadable + values, key=lambda row: row.line)
        (loaded,) = duck.execute("select count(*) from parsed anti join unreadable using (_line)").fetchall()[0]
        used = ",".join(codes) or currency
        counts = (loaded + len(unreadable), loaded, len(unreadable))
        batch_id = writing.open_batch(cursor, file, mapping, used, counts, delivery, landed)
        if batch_id is None:
            return None
        customers = _customers(duck, mapping, settings)
        duck.register("customers", customers)
        duck.execute(mapped.repeats_table(mapping))
        query = mapped.export_query(mapping)
        written = writing.copy_lines(
            cursor, duck, query, batch_id, mapping.source, lambda done: progress(file.name, done, loaded)
        )
        if written != loaded:  # the transaction is rolled back
            raise RuntimeError(f"{file.name}: {loaded} rows were counted and {written} written")
        writing.copy_unreadable(cursor, batch_id, file, unreadable)
        writing.copy_customers(cursor, customers, mapping.source)
    return BatchResult(batch_id, file.name, *counts, already_loaded=False, delivery=delivery)


def _codes(duck: duckdb.DuckDBPyConnection, mapping: Mapping) -> list[str]:
    """The currencies that the file's rows are in."""
    if not mapping.currency_column:
        return [mapping.currency] if mapping.currency else []
    column = reading.quoted(mapping.currency_column)
    found = duck.execute(f"select distinct {column} from received where {column} is not null order by 1").fetchall()
    return [code for (code,) in found]


def _adopt_currency(settings: Settings) -> None:
    """A warehouse of orders whose sources state no currency takes the one that shop.json says."""
    query = f"update {tables.SETTINGS} set value = %s where name = 'currency' and value = %s"
    if settings.shop["currency"]:
        with warehouse.connect(settings.warehouse_url) as connection:
            connection.execute(query, (settings.shop["currency"], NO_CURRENCY))


def _currency(cursor, file: Received, mapping: Mapping, codes: list[str], shop: str | None) -> str:  # noqa: ANN001
    """The warehouse's currency: shop.json's, else the first batch's. Raises ClvError when the file is in another
    without a rate."""
    base = [code for code, rate in mapping.rates.items() if float(rate) == 1]
    first = shop or (base or codes or [NO_CURRENCY])[0]
    currency = writing.claim_currency(cursor, first)
    if shop and shop != currency:
        raise ClvError(f"shop.json says currency {shop} and the warehouse is in {currency}; make shop.json say that")
    foreign = [code for code in codes if code != currency and code not in mapping.rates]
    if base and currency not in mapping.rates:
        foreign = base
    if foreign and currency == NO_CURRENCY:
        raise ClvError(
            f"{file.name} is in {', '.join(foreign)} and the orders in the warehouse state no currency; "
            f'say theirs in shop.json, as in {{"currency": "{foreign[0]}"}}'
        )
    if foreign:
        said = ", ".join(foreign)
        rates = f"rates: {{{currency}: 1, {foreign[0]}: 0.9}}"
        raise ClvError(
            f"{file.name} is in {said} and the warehouse in {currency}; "
            f"give currency in the mapping {mapping.source} a rate, as in {rates}"
        )
    return currency


def _unreadable_values(duck: duckdb.DuckDBPyConnection, file: Received, mapping: Mapping) -> list[Unreadable]:
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
        from parsed anti join unreadable using (_line) where customer_id is not null group by customer_id
    """
    found = duck.sql(query).to_arrow_table()
    secret = settings.secret("pseudonym_key").encode()
    keys = pseudonyms.customer_keys(secret, found["customer_id"].to_pylist(), mapping.customer_namespace)
    return found.add_column(0, "customer_key", pa.array(keys, pa.binary()))
