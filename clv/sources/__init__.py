"""Ingestion: loads a shop's files unchanged into the schema raw, through mappings in sources/. docs/sources.md explains
mappings.

Each file becomes a batch. A batch is loaded completely, in one transaction, or not at all. The same content is loaded
only once.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

from clv.catalog import tables
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.sources.connectors import files
from clv.sources.connectors.protocol import Connector
from clv.sources.kinds import raw_tables, registry
from clv.sources.kinds.mappings import known_sources, load_mapping
from clv.sources.loading import ledger, rejections
from clv.sources.loading.batches import Progress, begin, load_file, read_ahead
from clv.sources.loading.currencies import NO_CURRENCY
from clv.sources.loading.in_turn import in_turn
from clv.sources.loading.landed import Digests
from clv.sources.loading.ledger import BatchResult
from clv.sources.loading.replaying import Replayed, replay
from clv.sources.mapping.model import FileMapping
from clv.warehouse import db, roles
from clv.warehouse.roles import LOADER

__all__ = [
    "BatchResult",
    "Replayed",
    "known_sources",
    "landing",
    "load",
    "replay",
    "require_rows",
    "restore",
    "messages",
    "withdraw",
]


@db.keeping_connections()
def load(
    source: str,
    path: Path | str | Connector,
    settings: Settings,
    progress: Progress | None = None,
    landed: bool = False,
    today: date | None = None,
    report: Callable[[BatchResult], None] = lambda _: None,
) -> list[BatchResult]:
    """Loads a file, every readable file of a folder in the order of their names, or the batches that a connector reads,
    through the mapping named `source`.

    landed: whether the files lie in the landing folder. Files stay there after loading, so finding a file again
    is not a new delivery. today: the current day in the reporting zone; later dates in a file give a warning. report:
    is called with the result of each file as soon as the file is loaded.

    Raises ClvError at the first file that cannot be loaded, with the file and a remedy. The files before it stay
    loaded.
    """
    mapping = load_mapping(source, settings)
    raw_tables.require(registry.of(mapping.kind, settings), settings)
    _adopt_currency(settings)
    results: list[BatchResult] = []
    connector = path if isinstance(path, Connector) else files.Files(Path(path))
    digests = Digests(settings) if landed else None
    readings = in_turn(
        connector.read(ledger.cursor(mapping, settings)),
        lambda batch: begin(batch, mapping, settings, digests),
        lambda reading: read_ahead(reading, mapping, settings, landed),
        ahead=isinstance(connector, files.Files),  # another connector may remove a file when the next is requested
    )
    try:
        with closing(readings):
            for reading in readings:
                results.append(load_file(reading, mapping, settings, progress, landed, today))
                report(results[-1])
    except ClvError as error:
        if not results:
            raise
        for result in _with_warnings(results, mapping, settings):
            if result.comparison_warnings:
                report(result)
        raise type(error)(
            f"{error}; files before it in {connector} stay as they are, `clv batches` lists them, and those after it "
            "were not read"
        ) from None
    finally:
        if digests:
            digests.keep()
    return _with_warnings(results, mapping, settings)


def _with_warnings(results: list[BatchResult], mapping: FileMapping, settings: Settings) -> list[BatchResult]:
    """Adds to the results the warnings that come from comparing a file with earlier ones. All files are compared at
    once."""
    new = [result.batch_id for result in results if not result.already_loaded]
    of_refunds = [result.batch_id for result in results if result.refunds_prevail]
    kind = registry.of(mapping.kind, settings)
    found: list[dict[int, str]] = []
    if new:
        found = [*kind.comparison_warnings(new, of_refunds, mapping, settings), ledger.withdrawn_before(new, settings)]
        for warnings in found:
            ledger.keep_warnings(warnings, settings)
    elif len(results) == 1 and not results[0].withdrawn:
        later = kind.replaced_by(results[0].batch_id, mapping, settings)
        found = [{results[0].batch_id: later}] if later else []
    return [
        replace(result, comparison_warnings=tuple(of[result.batch_id] for of in found if result.batch_id in of))
        for result in results
    ]


@db.keeping_connections()
def landing(
    settings: Settings,
    progress: Progress | None = None,
    today: date | None = None,
    report: Callable[[BatchResult], None] = lambda _: None,
) -> list[BatchResult]:
    """Loads the files in landing/<source>/ that were not loaded before, and ignores files of other types.

    Takes the same arguments as `load`.
    """
    _adopt_currency(settings)
    results: list[BatchResult] = []
    for folder in sorted(settings.landing.iterdir()) if settings.landing.is_dir() else []:
        if folder.is_dir() and not folder.name.startswith(".") and files.inside(folder):
            results += load(folder.name, folder, settings, progress, landed=True, today=today, report=report)
    return results


def messages(result: BatchResult, settings: Settings) -> list[str]:
    """Returns the messages about a file for the user who loads it and for the log of a run: one line with the counts,
    one line for each of the most frequent reasons for rejected rows, the remedies, and the warnings. Values are
    masked."""
    name, batch = result.file_name, result.batch_id
    if result.withdrawn:
        return [f"{name}: already loaded, and withdrawn; to let it count again: `clv restore --batch {batch}`"]
    counts = f"{result.received:,} rows received, {result.loaded:,} loaded, {result.unreadable:,} rejected"
    if result.already_loaded and result.loaded:
        notes = [f"  note: {warning}" for warning in result.comparison_warnings]
        return [f"{name}: already loaded as batch {batch}, {counts}", *notes]
    lines = [f"{name}: {'already loaded as ' if result.already_loaded else ''}batch {batch}, {counts}"]
    lines += [f"  {line}" for line in rejections.messages(batch, settings)] if result.unreadable else []
    if result.lacking:
        lines.append(
            f"  {result.lacking:,} of the loaded rows will be rejected by the next run: they meet a filter, or lack "
            f"what an order needs; after that run, `clv rejects --batch {batch}` shows which"
        )
    return lines + [f"  warning: {warning}" for warning in (*result.warnings, *result.comparison_warnings)]


def require_rows(results: list[BatchResult]) -> None:
    """Raises ClvError if no row of these files could be read. Withdrawn files are ignored."""
    counting = [result for result in results if not result.withdrawn]
    if not counting or any(result.loaded for result in counting):
        return
    batch = counting[0].batch_id
    if not any(result.received for result in counting):
        raise ClvError(
            f"{counting[0].file_name} holds no rows below its header, so nothing was loaded; export it again"
        )
    others = " and the others" if len(counting) > 1 else ""
    raise ClvError(
        f"no row of {counting[0].file_name}{others} could be read, so nothing counts; "
        f"`clv rejects --batch {batch}` shows the rows; correct the mapping, then `clv replay --batch {batch}`"
    )


def withdraw(batch_id: int, reason: str, settings: Settings | None = None) -> int | None:
    """Withdraws a batch: its rows stay in raw but do not count from the next run on. Returns the earlier batch of the
    same file whose rows count again where this one replaced them; None if there is none.

    Raises ClvError if the batch is unknown or already withdrawn, or if the reason is empty.
    """
    if not reason.strip():
        raise ClvError(f'give a reason: `clv withdraw --batch {batch_id} --reason "amounts in cents"`')
    with db.connect(settings.url_as(LOADER) if settings else roles.url(LOADER)) as connection:
        if not connection.execute(f"select 1 from {tables.BATCHES} where batch_id = %s", (batch_id,)).fetchone():  # noqa: S608 - our own names
            raise ClvError(f"there is no batch {batch_id}; `clv batches` lists them")
        new = connection.execute(
            f"insert into {tables.WITHDRAWALS} (batch_id, reason) values (%s, %s) on conflict (batch_id) do nothing",  # noqa: S608 - our own names
            (batch_id, reason.strip()),
        )
        if not new.rowcount:
            query = f"select withdrawn_at::timestamp(0), reason from {tables.WITHDRAWALS} where batch_id = %s"  # noqa: S608 - our own names
            since, why = connection.execute(query, (batch_id,)).fetchone() or ("just now", reason)
            raise ClvError(
                f"batch {batch_id} is withdrawn already, since {since} ({why}); "
                f"`clv restore --batch {batch_id}` lets it count again"
            )
        return ledger.replaced_before(batch_id, connection)


def restore(batch_id: int, settings: Settings | None = None) -> None:
    """Undoes `withdraw`. Raises ClvError if the batch is not withdrawn."""
    with db.connect(settings.url_as(LOADER) if settings else roles.url(LOADER)) as connection:
        if not connection.execute(f"delete from {tables.WITHDRAWALS} where batch_id = %s", (batch_id,)).rowcount:  # noqa: S608 - our own names
            raise ClvError(f"batch {batch_id} was not withdrawn; `clv batches` shows which batches are")


def _adopt_currency(settings: Settings) -> None:
    """Sets the warehouse's currency to the one in shop.json if the sources loaded so far state none."""
    query = f"update {tables.SETTINGS} set value = %s where name = 'currency' and value = %s"  # noqa: S608 - our own names
    if settings.shop.currency:
        with db.connect(settings.url_as(LOADER)) as connection:
            connection.execute(query, (settings.shop.currency, NO_CURRENCY))
