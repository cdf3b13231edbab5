"""The ledger: which file was loaded as which batch, and the warnings about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import psycopg

from clv.catalog import tables
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.sources.connectors.protocol import Cursor, Loaded
from clv.sources.mapping.model import FileMapping
from clv.warehouse import db
from clv.warehouse.roles import LOADER


@dataclass(frozen=True)
class BatchResult:
    """The result of loading one file. received = loaded + unreadable.

    If the file was loaded before, this is its earlier batch, and `withdrawn` states whether that was withdrawn. usable:
    loaded rows that have all required values and that no filter rejects. erased_lines: lines of erased customers' rows,
    of which nothing else is loaded. lacking: loaded rows that are neither usable nor erased. warnings: possible
    mistakes within the file. comparison_warnings: possible mistakes found by comparing the file with earlier ones,
    after all files are loaded. refunds_prevail: whether most of its rows may be refunds.
    """

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
    refunds_prevail: bool = False
    warnings: tuple[str, ...] = ()
    comparison_warnings: tuple[str, ...] = ()


def cursor(mapping: FileMapping, settings: Settings) -> Cursor:
    """Returns the cursor of a source: its batches that were loaded through this mapping and are not withdrawn. After a
    change of the mapping, the cursor is empty, so that everything is loaded again."""
    query = f"""
        select file_name, content_sha256 from {tables.BATCHES}
        where source = %s and mapping_sha256 = %s and batch_id not in (select batch_id from {tables.WITHDRAWALS})
        order by place, batch_id
    """  # noqa: S608 - our own names
    return [Loaded(*one) for one in db.rows(query, (mapping.source, mapping.sha256), settings.url_as(LOADER))]


def next_delivery(sha256: str, mapping: FileMapping, settings: Settings) -> int:
    """Returns the number of the next delivery of this content through this mapping, from 1."""
    query = f"""
        select coalesce(max(delivery), 0) + 1 from {tables.BATCHES}
        where source = %s and content_sha256 = %s and mapping_sha256 = %s
    """  # noqa: S608 - our own names
    return db.rows(query, (mapping.source, sha256, mapping.sha256), settings.url_as(LOADER))[0][0]


def raise_other_load_failed(name: str) -> NoReturn:
    """Raises the error that another load of the same file, for which this one waited, has failed."""
    raise ClvError(f"another load of {name} did not end well; load it again")


def holding_batch(name: str, sha256: str, mapping: FileMapping, settings: Settings, landed: bool) -> BatchResult | None:
    """Returns the batch as which a file is loaded already; None if the file must be loaded.

    landed: whether the file lies in the landing folder.
    """
    earlier = earlier_batch(sha256, mapping, settings)
    if earlier and not name_has_newer_content(earlier, name, mapping, settings, landed):
        return earlier
    return None


def earlier_batch(sha256: str, mapping: FileMapping, settings: Settings) -> BatchResult | None:
    """Returns the latest batch of this content that was loaded through the same mapping and row key; None if there is
    none."""
    query = f"""
        select batch_id, file_name, rows_received, rows_loaded, rows_unreadable, true,
            batch_id in (select batch_id from {tables.WITHDRAWALS}), delivery
        from {tables.BATCHES} where source = %s and content_sha256 = %s and mapping_sha256 = %s
            and coalesce(row_key, %s::text) is not distinct from %s::text
        order by delivery desc limit 1
    """  # noqa: S608 - our own names
    values = (mapping.source, sha256, mapping.sha256, mapping.row_key, mapping.row_key)
    found = db.rows(query, values, settings.url_as(LOADER))
    return BatchResult(*found[0]) if found else None


def name_has_newer_content(
    earlier: BatchResult, name: str, mapping: FileMapping, settings: Settings, landed: bool
) -> bool:
    """Returns whether other content was loaded under this file's name since its earlier batch, and is not withdrawn.

    If the file lies in the landing folder, only content that lay there too counts. Otherwise the next run would load
    the file again and undo a correction that was loaded by `clv ingest`.
    """
    query = f"""
        select 1 from {tables.BATCHES}
        where source = %s and file_name = %s and (landed or not %s)
            and place > (select place from {tables.BATCHES} where batch_id = %s)
            and batch_id not in (select batch_id from {tables.WITHDRAWALS})
        limit 1
    """  # noqa: S608 - our own names
    return bool(db.rows(query, (mapping.source, name, landed, earlier.batch_id), settings.url_as(LOADER)))


def withdrawn_before(batch_ids: Sequence[int], settings: Settings) -> dict[int, str]:
    """Returns a warning for each new batch whose content was withdrawn before under the same mapping.

    There is no warning if the mapping was corrected since, or if a replay replaced the withdrawn batch.
    """
    query = f"""
        select new.batch_id, old.batch_id, withdrawals.reason
        from {tables.BATCHES} as new
        inner join {tables.BATCHES} as old
            on new.source = old.source and new.content_sha256 = old.content_sha256
            and new.mapping_sha256 = old.mapping_sha256 and old.batch_id < new.batch_id
        inner join {tables.WITHDRAWALS} as withdrawals on old.batch_id = withdrawals.batch_id
        where new.batch_id = any(%s) and not exists (
            select from {tables.BATCHES} as replays
            where replays.replay_of is not null and replays.place = old.place and replays.batch_id > old.batch_id
        )
        order by old.batch_id
    """  # noqa: S608 - our own names
    return {
        batch: (
            f"the same content was withdrawn as batch {old} ({reason}); where that still holds: "
            f'`clv withdraw --batch {batch} --reason "as batch {old}"`'
        )
        for batch, old, reason in db.rows(query, (list(batch_ids),), settings.url_as(LOADER))
    }


def replaced_before(batch_id: int, connection: psycopg.Connection) -> int | None:
    """Returns the batch whose rows a batch replaced where they have the same keys: the last load before it of the same
    file or content that is not withdrawn. None if there is none, or if a later load that is not withdrawn follows."""
    query = f"""
        select other.batch_id, (other.place, other.batch_id) < (this.place, this.batch_id)
        from {tables.BATCHES} as other
        inner join {tables.BATCHES} as this
            on other.source = this.source and other.batch_id <> this.batch_id
            and (other.file_name = this.file_name or other.content_sha256 = this.content_sha256)
        where this.batch_id = %s and other.batch_id not in (select batch_id from {tables.WITHDRAWALS})
        order by other.place desc, other.batch_id desc limit 1
    """  # noqa: S608 - our own names
    found, is_earlier = connection.execute(query, (batch_id,)).fetchone() or (None, False)  # type: ignore[arg-type]
    return found if is_earlier else None


def keep_warnings(warnings: dict[int, str], settings: Settings) -> None:
    """Stores a warning for each of these batches, after the warnings of its load."""
    statement = f"""
        insert into {tables.BATCH_WARNINGS} (batch_id, place, warning)
        select %(batch)s, coalesce(max(place), 0) + 1, %(warning)s from {tables.BATCH_WARNINGS}
        where batch_id = %(batch)s
    """  # noqa: S608 - our own names
    with db.connect(settings.url_as(LOADER)) as connection:
        for batch, warning in warnings.items():
            connection.execute(statement, {"batch": batch, "warning": warning})
