"""Gate `raw`: are there orders, and could the rows of their files be read?"""

from __future__ import annotations

from clv.catalog import tables
from clv.quality.rules import Slice, Suite, has_rows, never
from clv.sources.loading.rejections import REPLACED, WITHOUT_VALUES

UNREADABLE_SHARE = 0.10
FEW = 10  # rows; a share of fewer rows is not meaningful


def batches(slice_: Slice) -> Suite:  # noqa: ARG001 - batches have no date
    """The suite of the table batches without withdrawn ones. replaced: a later batch has the same file name."""
    query = f"""SELECT
            batch_id, file_name, rows_received, rows_loaded, rows_unreadable,
            {REPLACED} as replaced
        from {tables.BATCHES} as batches
        where not exists (select from {tables.WITHDRAWALS} as w where w.batch_id = batches.batch_id)"""  # noqa: S608 - our own names
    shown = "batch_id, file_name, rows_unreadable, rows_received"
    # The text of the row stays in quarantine, because it may be personal, such as a name in the wrong column.
    first = f"""(
            select string_agg('line ' || line || ': ' || {WITHOUT_VALUES}, '; ' order by line) from (
                select line, reason from {tables.UNREADABLE_ROWS} as u
                where u.batch_id = subselect.batch_id order by line limit 3
            ) as first_rows
        ) as lines"""  # noqa: S608 - our own SQL; values are bound or quoted
    return Suite(
        tables.BATCHES,
        query,
        [
            has_rows(
                "no orders have been loaded",
                "load some with `clv ingest --source NAME --path FILE_OR_FOLDER`, then run again",
            ),
            never(
                "rows_accounted_for",
                "completeness",
                f"select {shown}, rows_loaded from {{batch}} where rows_received <> rows_loaded + rows_unreadable",  # noqa: S608 - our own SQL; values are bound or quoted
                "a batch's rows received are not rows loaded + rows unreadable",
                "take the batch back with `clv withdraw --batch {batch_id} --reason 'counts differ'` "
                "and load its file again",
            ),
            never(
                "unreadable_share",
                "completeness",
                f"""select {shown}, {first} from {{batch}}
                where not replaced
                    and rows_unreadable >= {FEW} and rows_unreadable > {UNREADABLE_SHARE} * rows_received""",  # noqa: S608 - our own SQL; values are bound or quoted
                f"a batch with more than {UNREADABLE_SHARE:.0%} unreadable rows",
                "load a corrected file under the same name, correct the mapping, "
                "or take the batch back with `clv withdraw --batch {batch_id} --reason 'cannot be read'`",
            ),
            never(
                "unreadable_file",
                "completeness",
                f"select {shown}, {first} from {{batch}} where not replaced and rows_received > 0 and rows_loaded = 0",  # noqa: S608 - our own SQL; values are bound or quoted
                "a batch of which no row could be read",
                "see `clv rejects --batch {batch_id}`; correct the mapping, then `clv replay --batch {batch_id}`",
                severity="warning",
            ),
            never(
                "unreadable_rows",
                "completeness",
                f"select {shown}, {first} from {{batch}} where not replaced and rows_unreadable > 0",  # noqa: S608 - our own SQL; values are bound or quoted
                "a batch with unreadable rows",
                "see `clv rejects --batch {batch_id}`; correct the mapping, then `clv replay --batch {batch_id}`, or "
                "send the corrected file under the same name",
                severity="warning",
            ),
        ],
    )


def order_lines(slice_: Slice) -> Suite:
    """The suite of the table order_lines: the order lines before the as-of date."""
    query = f"""SELECT _batch_id, _line from {tables.ORDER_LINES}
        where ordered_at < {slice_.before} and _batch_id not in (select batch_id from {tables.WITHDRAWALS})"""  # noqa: S608 - our own SQL; values are bound or quoted
    return Suite(
        tables.ORDER_LINES,
        query,
        [
            has_rows(
                f"no order is dated before {slice_.as_of_date}",
                "load earlier orders with `clv ingest --source NAME --path FILE_OR_FOLDER`, or run a later date",
            )
        ],
    )


def suites(slice_: Slice) -> list[Suite]:
    """The suites that judge a run at this gate."""
    return [batches(slice_), order_lines(slice_)]
