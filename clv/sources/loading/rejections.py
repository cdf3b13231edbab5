"""Lists batches, the rows of them that are rejected, and the reasons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clv.catalog import tables
from clv.core import masking
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.sources.kinds.mappings import load_mapping
from clv.sources.mapping import hints
from clv.warehouse import db, roles

REASONS_SHOWN = 3  # for each file, when it is loaded
UNREADABLE = f"select batch_id, line, reason from {tables.UNREADABLE_ROWS} where reason <> 'erased'"  # noqa: S608 - our own names
WITHOUT_VALUES = "ops.without_values(reason)"  # SQL: a reason without its quoted values, as clv.core.masking masks it
SAMPLE = 500  # reasons of a batch from which remedies are derived

# SQL condition on `batches`: a later batch of the same file, which is not withdrawn, has replaced the batch.
REPLACED = f"""exists (
    select from {tables.BATCHES} as later
    where later.source = batches.source and later.file_name = batches.file_name
        and later.place > batches.place
        and not exists (select from {tables.WITHDRAWALS} as taken_back where taken_back.batch_id = later.batch_id)
)"""  # noqa: S608 - our own names


@dataclass(frozen=True)
class Batch:
    """A batch and the counts of its rows. Counts of readable rows are None until a run has processed the batch."""

    batch_id: int
    source: str
    kind: str
    file_name: str
    loaded_at: datetime
    received: int
    accepted: int | None
    rejected: int
    replaced: int | None
    duplicates: int | None
    withdrawn_rows: int | None
    erased_rows: int | None
    warnings: int
    withdrawn_at: datetime | None
    withdrawn: str | None


@dataclass(frozen=True)
class Reason:
    """A reason why rows of a batch are rejected, with the number of rows, the first line, and an example of the reason
    with its values."""

    batch_id: int
    source: str
    file_name: str
    reason: str
    rows: int
    line: int
    example: str


@dataclass(frozen=True)
class Rejected:
    """A rejected row. text: its original text if the row is unreadable, else None."""

    batch_id: int
    line: int
    reason: str
    text: str | None


def batches(settings: Settings, source: str | None = None) -> list[Batch]:
    """Returns all batches, or those of a source, newest first.

    Rejected rows are unreadable, lack a required value, or are excluded by a filter. After a run has processed a batch,
    received = accepted + rejected + replaced + duplicates + withdrawn rows + erased rows. `withdrawn` is the reason for
    withdrawing the batch; its rows are counted as withdrawn from the next run on.
    """
    counted = _exists(tables.STG_BATCH_COUNTS, settings)
    counts = f"""
        select
            batch_id, rows_accepted, rows_duplicate, rows_replaced, rows_rejected, rows_withdrawn, rows_erased
        from {tables.STG_BATCH_COUNTS}
    """  # noqa: S608 - our own names
    names = (
        "batch_id",
        "rows_accepted",
        "rows_duplicate",
        "rows_replaced",
        "rows_rejected",
        "rows_withdrawn",
        "rows_erased",
    )
    none = "select " + ", ".join(f"null::bigint as {name}" for name in names)
    query = f"""
        with counts as ({counts if counted else none})
        select
            batch_id, source, kind, file_name, loaded_at, rows_received, rows_accepted,
            coalesce(rows_rejected, (select count(*) from ({UNREADABLE}) as u where u.batch_id = batches.batch_id)),
            rows_replaced, rows_duplicate, rows_withdrawn, rows_erased,
            (select count(*) from {tables.BATCH_WARNINGS} as warned where warned.batch_id = batches.batch_id),
            withdrawals.withdrawn_at, withdrawals.reason
        from {tables.BATCHES} as batches
        left join counts using (batch_id)
        left join {tables.WITHDRAWALS} as withdrawals using (batch_id)
        where %(source)s::text is null or source = %(source)s
        order by batch_id desc
    """  # noqa: S608 - our own SQL; values are bound or quoted
    found = db.rows(query, {"source": source}, settings.url_as(roles.PUBLISHER))
    return [Batch(*row) for row in found]


def is_processed(batch_id: int, settings: Settings) -> bool:
    """Returns whether a run has processed the batch. Before that, only its unreadable rows are known."""
    if not _exists(tables.STG_BATCH_COUNTS, settings):
        return False
    query = f"select 1 from {tables.STG_BATCH_COUNTS} where batch_id = %s"  # noqa: S608 - our own names
    return bool(db.rows(query, (batch_id,), settings.url_as(roles.PUBLISHER)))


def reasons(settings: Settings, source: str | None = None) -> list[Reason]:
    """Returns why rows are rejected, most frequent reason first, over all batches that are neither withdrawn nor
    replaced by a later file of the same name.

    Values are not masked; clv.core.masking does that.
    """
    holding = f"not {REPLACED} and batch_id not in (select batch_id from {tables.WITHDRAWALS})"  # noqa: S608 - our own names
    query = _reasons(_rows(settings), f"(%(source)s::text is null or source = %(source)s) and {holding}")
    return [Reason(*row) for row in db.rows(query, {"source": source}, settings.url_as(roles.PUBLISHER))]


def _reasons(rejected: str, chosen: str) -> str:
    # Count reasons that differ only in their quoted values as one.
    kind = WITHOUT_VALUES
    return f"""
        select batch_id, source, batches.file_name, {kind}, count(*), min(line), (array_agg(reason order by line))[1]
        from ({rejected}) as rejected
        inner join {tables.BATCHES} as batches using (batch_id)
        where {chosen}
        group by batch_id, source, batches.file_name, {kind}
        order by count(*) desc, batch_id desc, min(line)
    """  # noqa: S608 - our own SQL; values are bound or quoted


def rows(settings: Settings, batch_id: int, limit: int | None = None) -> list[Rejected]:
    """Returns the rejected rows of a batch in order, at most `limit`. Raises ClvError if there is no such batch."""
    source_of(batch_id, settings)
    query = (
        f"select batch_id, line, reason from ({_rows(settings)}) as rejected where batch_id = %s order by line limit %s"  # noqa: S608 - our own SQL; values are bound or quoted
    )
    found = db.rows(query, (batch_id, limit), settings.url_as(roles.PUBLISHER))
    query = f"""
        select line, coalesce(texts.raw_text, rejected.raw_text) from {tables.UNREADABLE_ROWS} as rejected
        left join {tables.UNREADABLE_TEXTS} as texts using (batch_id, line) where batch_id = %s and line <= %s
    """  # noqa: S608 - our own names
    last = max((line for _, line, _ in found), default=0)
    texts = dict(db.rows(query, (batch_id, last), settings.url_as(roles.LOADER)))
    return [Rejected(batch, line, reason, texts.get(line)) for batch, line, reason in found]


def warnings(batch_id: int, settings: Settings) -> list[str]:
    """Returns the warnings of a batch's file from the time it was loaded."""
    query = f"select warning from {tables.BATCH_WARNINGS} where batch_id = %s order by place"  # noqa: S608 - our own names
    return [warning for (warning,) in db.rows(query, (batch_id,), settings.url_as(roles.PUBLISHER))]


def source_of(batch_id: int, settings: Settings) -> str:
    """Returns the source of a batch. Raises ClvError if there is no such batch."""
    query = f"select source from {tables.BATCHES} where batch_id = %s"  # noqa: S608 - our own names
    found = db.rows(query, (batch_id,), settings.url_as(roles.LOADER))
    if not found:
        raise ClvError(f"there is no batch {batch_id}; `clv batches` lists them")
    return found[0][0]


def messages(batch_id: int, settings: Settings) -> list[str]:
    """Returns messages about a batch, for the user who loads it and for the log of a run: the most frequent reasons for
    unreadable rows, masked, and the remedies, one per line."""
    query = _reasons(UNREADABLE, "batch_id = %(batch_id)s")
    found = [Reason(*row) for row in db.rows(query, {"batch_id": batch_id}, settings.url_as(roles.LOADER))]
    words = known_words(source_of(batch_id, settings), settings)
    lines = [
        f"{one.rows:,} rejected: {masking.reason(one.example, words)} (line {one.line})"
        for one in found[:REASONS_SHOWN]
    ]
    if more := found[REASONS_SHOWN:]:
        lines.append(f"{sum(one.rows for one in more):,} rejected for other reasons: `clv rejects --batch {batch_id}`")
    return lines + [f"remedy: {remedy}" for remedy in remedies(batch_id, settings)]


def known_words(source: str, settings: Settings) -> set[str]:
    """Returns the shop's values that the mapping of a source names. Masking shows them. Empty if the mapping is
    gone."""
    try:
        return load_mapping(source, settings).words
    except ClvError:  # the mapping was deleted
        return set()


def remedies(batch_id: int, settings: Settings) -> list[str]:
    """Returns lines for the mapping that make unreadable rows of a batch readable (clv.sources.mapping.hints)."""
    query = f"select distinct reason from {tables.UNREADABLE_ROWS} where batch_id = %s order by reason limit {SAMPLE}"  # noqa: S608 - our own names
    found = db.rows(query, (batch_id,), settings.url_as(roles.LOADER))
    mapping = load_mapping(source_of(batch_id, settings), settings)
    return hints.remedies([reason for (reason,) in found], mapping)


def _rows(settings: Settings) -> str:
    """Returns SQL for all rejected rows: batch_id, line, reason. Replaced and withdrawn rows are not rejected."""
    if not _exists(tables.SET_ASIDE_LINES, settings):
        return UNREADABLE
    return f"""
        {UNREADABLE} union all
        select batch_id, line, reason from {tables.SET_ASIDE_LINES}
        where reason not in ('replaced', 'withdrawn', 'erased')
    """  # noqa: S608 - our own names


def _exists(table: str, settings: Settings) -> bool:
    return db.rows("select to_regclass(%s) is not null", (table,), settings.url_as(roles.PUBLISHER))[0][0]
