"""Gate `staging`: is every row accounted for, and is enough of each batch usable?"""

from __future__ import annotations

from datetime import timedelta

from great_expectations.expectations.expectation import Expectation

from clv.catalog import tables
from clv.quality.rules import Slice, Suite, complete, has_rows, never, never_where, newest_at_least, unique

FEW = 10  # rows; a share of fewer rows is not meaningful
MISSING_SHARE = 0.10
MISSING_CUSTOMER_SHARE = 0.60
MISSING_CUSTOMER_WARNING = 0.35
# Share of a batch's refunds. It is large because in the first days of a history the sales of some refunds are missing.
WITHOUT_SALE_SHARE = 0.50
WATCHED_DAYS = 30  # days before the as-of date; without this limit, each run would repeat the warning of an old day
STALE_DAYS = 7  # days without an order, after which the shop's deliveries may have stopped
REMEDY = (
    "load a corrected file under the same name, "
    "or take the batch back with `clv withdraw --batch {batch_id} --reason 'rows are missing'`"
)


def stg_batch_counts(slice_: Slice) -> Suite:  # noqa: ARG001 - batches have no date
    """The suite of the table stg_batch_counts. It has one row per batch, with what happened to its rows. A share is of
    the rows that are not duplicate, replaced, withdrawn or erased (rows_in_effect)."""
    query = f"""SELECT
            counts.*,
            rows_received - rows_duplicate - rows_replaced - rows_withdrawn - rows_erased as rows_in_effect,
            (select loaded_at from {tables.BATCHES} as b where b.batch_id = counts.batch_id) as loaded_at
        from {tables.STG_BATCH_COUNTS} as counts"""  # noqa: S608 - our own names
    return Suite(
        tables.STG_BATCH_COUNTS,
        query,
        [
            has_rows(
                "no batch has reached staging",
                "load orders with `clv ingest --source NAME --path FILE_OR_FOLDER`, then run again",
            ),
            unique("batch_id"),
            *_accounted_for(),
            *(_missing(what, MISSING_SHARE, "critical") for what in ("amount", "time", "order")),
            _missing("customer", MISSING_CUSTOMER_SHARE, "critical"),
            _missing("customer", MISSING_CUSTOMER_WARNING, "warning"),
            never(
                "dates_plausible",
                "accuracy",
                """select batch_id, file_name, first_ordered_at, last_ordered_at from {batch}
                where first_ordered_at < date '1990-01-01' or last_ordered_at > loaded_at + interval '2 days'""",
                "a batch with orders dated before 1990 or after it was loaded",
                severity="warning",
            ),
            _batch_volume(),
        ],
    )


def _accounted_for() -> list[Expectation]:
    """Expects every received row to be counted, and accepted rows to be in staging."""
    return [
        never(
            "rows_accounted_for",
            "completeness",
            """select
                batch_id, rows_received, rows_accepted, rows_rejected, rows_duplicate, rows_replaced, rows_withdrawn,
                rows_erased
            from {batch} where rows_received is distinct from
                rows_accepted + rows_rejected + rows_duplicate + rows_replaced + rows_withdrawn + rows_erased""",
            "a batch's rows received are not rows accepted + rejected + duplicates + replaced + withdrawn + erased",
            "rows were lost between raw and staging: look at staging's models before anything else",
        ),
        never(
            "rows_accepted_are_there",
            "completeness",
            f"""select counts.batch_id, counts.file_name, counts.rows_accepted, lines.rows_there
            from {{batch}} as counts
            left join (
                select batch_id, count(*) as rows_there
                from (
                    select batch_id from {tables.STG_ORDER_LINES}
                    union all select batch_id from {tables.STG_CHANNEL_SPEND}
                    union all select batch_id from {tables.STG_KIND_VERDICTS} where verdict = 'accepted'
                ) as accepted
                group by batch_id
            ) as lines on lines.batch_id = counts.batch_id
            where counts.rows_accepted <> coalesce(lines.rows_there, 0)""",  # noqa: S608 - our own SQL; values are bound or quoted
            "a batch's accepted rows are not the rows in staging.stg_order_lines, stg_channel_spend and "
            "stg_kind_verdicts",
            "staging was built in part: clear the task build_staging",
        ),
    ]


def _batch_volume() -> Expectation:
    return never(
        "batch_volume",
        "completeness",
        """select * from (
            select
                batch_id, file_name, rows_received,
                row_number() over (partition by source order by batch_id desc) as from_last,
                (
                    select percentile_cont(0.5) within group (order by earlier.rows_received)
                    from staging.stg_batch_counts as earlier
                    where earlier.source = subselect.source and earlier.batch_id < subselect.batch_id
                    having count(*) >= 4
                ) as usual_rows
            from {batch}
        ) as batches
        where from_last = 1 and rows_received not between usual_rows / 3 and usual_rows * 3""",
        "the last batch is under a third or over three times the usual size of its source",
        severity="warning",
    )


def stg_order_lines(slice_: Slice) -> Suite:
    """The suite of the table stg_order_lines: the accepted lines before the as-of date."""
    return Suite(
        tables.STG_ORDER_LINES,
        f"SELECT * from {tables.STG_ORDER_LINES} where ordered_at < {slice_.before}",  # noqa: S608 - our own SQL; values are bound or quoted
        [
            has_rows(
                f"no accepted order is dated before {slice_.as_of_date}",
                "load earlier orders, see with `clv rejects` why rows are rejected, or run a later date",
            ),
            unique("source", "row_key"),
            *complete("order_key", "customer_key", "amount"),
            never_where(
                "amount_finite",
                "accuracy",
                "batch_id, line",
                "amount in ('NaN', 'Infinity', '-Infinity')",
                "an amount that is not a finite number",
                REMEDY,
            ),
            *_signs(slice_),
            never(
                "weekly_volume",
                "completeness",
                f"""select * from (
                    select
                        count(*) filter (where week = 0) as last_week,
                        (count(*) filter (where week > 0)) / 8.0 as usual_week,
                        count(distinct week) filter (where week > 0) as weeks
                    from (
                        select ({slice_.before} - 1 - ordered_on) / 7 as week from {{batch}}
                        where ordered_on >= {slice_.before} - 63
                    ) as recent
                ) as volume
                where weeks = 8 and last_week not between usual_week / 3 and usual_week * 3""",  # noqa: S608 - our own SQL; values are bound or quoted
                "the last seven days have under a third or over three times the usual week's lines",
                severity="warning",
            ),
            newest_at_least(
                "newest_order",
                "ordered_at",
                slice_.as_of_date - timedelta(days=STALE_DAYS),
                f"the newest order is of more than {STALE_DAYS} days before the date",
            ),
        ],
    )


def _signs(slice_: Slice) -> list[Expectation]:
    """Expects refunds to follow sales. If most refunds of a batch have no earlier sale, or a day's net revenue is below
    zero, amounts may have the wrong sign."""
    remedy = (
        "if these are sales, load the file with amounts above zero (a mapping's `sign` names the rows that are "
        "refunds), or take it back: `clv withdraw --batch {batch_id} --reason 'amounts have the wrong sign'`"
    )
    return [
        never(
            "refunds_follow_sales",
            "accuracy",
            f"""with sales as materialized (
                select customer_key as buyer, min(ordered_on) as first_sale_on from {tables.STG_ORDER_LINES}
                where amount > 0 group by customer_key
            )
            select batch_id, count(*) as refunds, count(*) filter (where first_sale_on is null) as without_sale
            from {{batch}} as lines
            left join sales on lines.customer_key = sales.buyer and sales.first_sale_on <= lines.ordered_on
            where lines.amount < 0
            group by batch_id
            having count(*) filter (where first_sale_on is null) >= greatest({FEW}, {WITHOUT_SALE_SHARE} * count(*))""",  # noqa: S608 - our own SQL; values are bound or quoted
            f"a batch with no earlier sale to the customer behind {WITHOUT_SALE_SHARE:.0%} or more of its refunds",
            remedy,
            severity="warning",
        ),
        never(
            "days_bring_money",
            "accuracy",
            f"""select
                ordered_on, count(*) filter (where amount < 0) as below_zero, sum(amount) as net,
                (array_agg(batch_id order by amount))[1] as batch_id
            from {{batch}}
            where ordered_on >= date '{slice_.as_of_date - timedelta(days=WATCHED_DAYS)}'
            group by ordered_on
            having sum(amount) < 0 and count(*) filter (where amount < 0) >= {FEW}""",  # noqa: S608 - our own SQL; values are bound or quoted
            f"a day of the last {WATCHED_DAYS} whose amounts have a negative sum, {FEW} or more being below zero",
            remedy,
            severity="warning",
        ),
    ]


def _missing(what: str, share: float, severity: str) -> Expectation:
    """Expects no batch with more than `share` of its rows rejected for a missing value."""
    count = f"rows_missing_{what}"
    return never(
        f"missing_{what}" + ("_warning" if severity == "warning" else ""),
        "completeness",
        f"""select
            batch_id, file_name, {count}, rows_in_effect,
            (
                select string_agg(
                    'line ' || line || coalesce(', customer ' || left(customer_key::text, 4) || '…', ''), '; '
                    order by line
                ) from (
                    select line, customer_key from {tables.SET_ASIDE_LINES} as aside
                    where aside.batch_id = subselect.batch_id and aside.reason = 'missing_{what}'
                    order by line limit 3
                ) as first_rows
            ) as missing_{what}
        from {{batch}}
        where {count} >= {FEW} and {count} > {share} * rows_in_effect""",  # noqa: S608 - our own SQL; values are bound or quoted
        f"a batch with a missing {what} in more than {share:.0%} of its rows",
        REMEDY,
        severity,
    )


def suites(slice_: Slice) -> list[Suite]:
    """The suites that judge a run at this gate."""
    return [stg_batch_counts(slice_), stg_order_lines(slice_)]
