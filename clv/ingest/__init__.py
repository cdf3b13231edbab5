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
from clv.ingest.received import Unreadable
from clv.settings import Settings

__all__ = ["BatchResult", "known_sources", "landing", "load", "restore", "withdraw"]

Progress = Callable[[str, int, int], None]  # file, rows done, rows in all
MEMORY = "2GB"  # DuckDB's share; what is more goes to a scratch file
NO_CURRENCY = "XXX"  # ISO 4217's code for none: a warehouse whose sources state none


@dataclass(frozen=True)
class BatchResult:
    """What became of one file: received = loaded + unreadable. Of a file loaded before, its earlier batch."""

    batch_id: int
    file_name: str
    received: int
    loaded: int
    unreadable: int
    already_loaded: bool


def load(source: str, path: Path | str, settings: Settings, progress: Progress | None = None) -> list[BatchResult]:
    """Loads a file, or every readable file of a folder in order of its name, through the mapping `source`.

    Raises ClvError, naming file and mend, at the first file that cannot be loaded; the files before it stay loaded.
    """
    mapping = load_mapping(source, settings)
    checked_zone(settings.shop["time_zone"], "shop.json")
    return [_load_file(file, name, mapping, settings, progress) for file, name in files.find(Path(path))]


def landing(settings: Settings, progress: Progress | None = None) -> list[BatchResult]:
    """Loads what lies in the landing folder, landing/<source>/…, and was not loaded before."""
    results: list[BatchResult] = []
    for folder in sorted(settings.landing.iterdir()) if settings.landing.is_dir() else []:
        if folder.is_dir() and not folder.name.startswith(".") and any(folder.rglob("*.*")):
            results += load(folder.name, folder, settings, progress)
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


def _load_file(path: Path, name: str, mapping: Mapping, settings: Settings, progress: Progress | None) -> BatchResult:
    scratches = settings.home / "tmp"  # where upkeep finds what a killed load left
    scratches.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ingest-", dir=scratches) as folder:
        scratch = Path(folder)
        file = files.prepare(path, name, mapping.encoding, scratch)
        earlier = _earlier_batch(file, mapping, settings)
        if earlier:
            return earlier
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": MEMORY,
            "temp_directory": str(scratch / "spill"),
        }
        with duckdb.connect(config=config) as duck:
            duck.execute("set TimeZone = 'UTC'")
            result = _load_batch(duck, file, mapping, settings, progress or (lambda *_: None))
    # Somebody else loaded the same content in the meantime where there is no result.
    return result or _earlier_batch(file, mapping, settings) or _vanished(file)


def _vanished(file: Received) -> BatchResult:
    raise ClvError(f"another load of {file.name} did not end well; load it again")


def _earlier_batch(file: Received, mapping: Mapping, settings: Settings) -> BatchResult | None:
    query = f"""
        select batch_id, file_name, rows_received, rows_loaded, rows_unreadable
        from {tables.BATCHES} where source = %s and content_sha256 = %s and mapping_sha256 = %s
    """
    found = warehouse.rows(query, (mapping.source, file.sha256, mapping.sha256), settings.warehouse_url)
    return BatchResult(*found[0], already_loaded=True) if found else None


def _load_batch(
    duck: duckdb.DuckDBPyConnection, file: Received, mapping: Mapping, settings: Settings, progress: Progress
) -> BatchResult | None:
    unreadable = reading.read(duck, file, mapping)
    codes = _codes(duck, mapping)
    with writing.transaction(settings.warehouse_url) as cursor:
        currency = _currency(cursor, file, mapping, codes)
        duck.execute(mapped.parsed_view(mapping, settings.shop["time_zone"], currency, bool(codes)))
        values = _unreadable_values(duck, file, mapping)
        unreadable = sorted(unreadable + values, key=lambda row: row.line)
        (loaded,) = duck.execute("select count(*) from parsed anti join unreadable using (_line)").fetchall()[0]
        used = ",".join(codes) or currency
        batch_id = writing.open_batch(cursor, file, mapping, used, loaded, len(unreadable))
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
    return BatchResult(batch_id, file.name, loaded + len(unreadable), loaded, len(unreadable), already_loaded=False)


def _codes(duck: duckdb.DuckDBPyConnection, mapping: Mapping) -> list[str]:
    """The currencies that the file's rows are in."""
    if not mapping.currency_column:
        return [mapping.currency] if mapping.currency else []
    column = reading.quoted(mapping.currency_column)
    found = duck.execute(f"select distinct {column} from received where {column} is not null order by 1").fetchall()
    return [code for (code,) in found]


def _currency(cursor, file: Received, mapping: Mapping, codes: list[str]) -> str:  # noqa: ANN001
    """The warehouse's currency, set by its first batch. Raises ClvError when the file is in another without a rate."""
    base = [code for code, rate in mapping.rates.items() if float(rate) == 1]
    first = (base or codes or [NO_CURRENCY])[0]
    currency = writing.claim_currency(cursor, first)
    foreign = [code for code in codes if code != currency and code not in mapping.rates]
    if base and currency not in mapping.rates:
        foreign = base
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
