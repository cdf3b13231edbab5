"""Loads files with rejected rows again after the mapping, or this code, was corrected."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from typing import NoReturn

from clv.catalog import tables
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.sources.connectors.protocol import Batch
from clv.sources.kinds import registry
from clv.sources.kinds.columns_sql import ERASED
from clv.sources.kinds.declared import Kind
from clv.sources.kinds.mappings import load_mapping
from clv.sources.loading import copies
from clv.sources.loading.batches import load_batch
from clv.sources.loading.ledger import BatchResult, next_delivery
from clv.sources.loading.reading import Reading, prepared
from clv.sources.loading.writing import BatchOpening
from clv.warehouse import db
from clv.warehouse.roles import LOADER


@dataclass(frozen=True)
class Replayed:
    """The result of a replay: the batch with rejected rows, and the batch that replaced it. result is None if no more
    rows became usable, or if the batch `later` has loaded the same content since and holds."""

    batch_id: int
    file_name: str
    usable_before: int
    result: BatchResult | None
    later: int | None = None


def replay(settings: Settings, source: str | None = None, batch_id: int | None = None) -> list[Replayed]:
    """Reads files with rejected rows again, with the present mapping and code: those of a source, or of one batch.

    If more rows are usable, the file becomes a new batch in the place of the old one, which is withdrawn in the same
    transaction. Otherwise nothing changes, so a second replay does nothing. Skips files whose content a later batch has
    loaded: that batch counts, and is replayed itself if it has rejected rows.

    Raises ClvError, after all other files are done, with the batches whose copy is missing.
    """
    results, missing_copies = [], []
    for batch in _rejected(settings, source, batch_id):
        if batch.later:
            results.append(Replayed(batch.batch_id, batch.file_name, batch.usable, None, batch.later))
        elif copies.find(batch.sha256, batch.file_name, settings):
            results.append(_replay(batch, settings))
        else:
            missing_copies.append(f"{batch.batch_id} ({batch.file_name})")
    if missing_copies:
        raise ClvError(
            f"no copy is left of the file of batch {', '.join(missing_copies)} in {settings.home / 'received'}; "
            "load it again with `clv ingest --source NAME --path FILE`"
        )
    return results


@dataclass(frozen=True)
class _Batch:
    batch_id: int
    source: str
    file_name: str
    sha256: str
    landed: bool
    place: int
    usable: int
    later: int | None


def _rejected(settings: Settings, source: str | None, batch_id: int | None) -> list[_Batch]:
    """Returns the batches with rejected rows that are not withdrawn, in the order of their places."""
    query = f"""
        select batch_id, source, kind, file_name, content_sha256, landed, place, rows_received, (
            select max(later.batch_id) from {tables.BATCHES} as later
            where later.source = batches.source and later.content_sha256 = batches.content_sha256
                and later.place > batches.place
                and later.batch_id not in (select batch_id from {tables.WITHDRAWALS})
        )
        from {tables.BATCHES} as batches
        where (source = %(source)s or batch_id = %(batch_id)s)
            and batch_id not in (select batch_id from {tables.WITHDRAWALS})
        order by place
    """  # noqa: S608 - our own names
    found = db.rows(query, {"source": source, "batch_id": batch_id}, settings.url_as(LOADER))
    batches = []
    for number, of, kind, name, sha256, landed, place, received, later in found:
        usable, erased = _counts(number, registry.of(kind, settings), settings)
        if usable + erased < received:
            batches.append(_Batch(number, of, name, sha256, landed, place, usable, later))
    return batches


def _counts(batch_id: int, kind: Kind, settings: Settings) -> tuple[int, int]:
    """Counts a batch's rows in the raw table: usable rows, and rows of erased customers."""
    lacks = f"num_nulls({', '.join(kind.needed)}) = 0" if kind.needed else "true"
    query = f"""
        select
            (select count(*) from {kind.table} where _batch_id = %(batch)s and _rule is null and {lacks}),
            (select count(*) from {kind.table} where _batch_id = %(batch)s and _rule = '{ERASED}') + (
                select count(*) from {tables.UNREADABLE_ROWS} where batch_id = %(batch)s and reason = '{ERASED}'
            )
    """  # noqa: S608 - our own names
    return db.rows(query, {"batch": batch_id}, settings.url_as(LOADER))[0]


def _raise_missing_copy(batch: _Batch) -> NoReturn:
    raise ClvError(f"the copy of the file of batch {batch.batch_id} has just gone; replay again")


def _replay(batch: _Batch, settings: Settings) -> Replayed:
    mapping = load_mapping(batch.source, settings)
    path, sha256 = copies.find(batch.sha256, batch.file_name, settings) or _raise_missing_copy(batch)
    with closing(Reading(Batch(batch.file_name, path), settings)) as reading:
        file = prepared(path, batch.file_name, mapping, reading.scratch, bounded=False)
        if file.sha256 != sha256:
            raise ClvError(
                f"{path} is not what was received as {batch.file_name}; "
                f"load that again with `clv ingest --source {batch.source} --path FILE`"
            )
        # Rows of erased customers may be missing in the copy, but the batch keeps the digest of the received file.
        file = replace(file, sha256=batch.sha256)
        delivery = next_delivery(batch.sha256, mapping, settings)
        opening = BatchOpening(delivery, batch.landed, batch.batch_id, batch.place, batch.usable)
        result = load_batch(reading, file, mapping, settings, opening)
    return Replayed(batch.batch_id, batch.file_name, batch.usable, result)
