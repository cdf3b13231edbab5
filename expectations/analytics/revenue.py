"""Expectations of the bridge from what exports state to net revenue."""

from __future__ import annotations

from great_expectations.expectations.expectation import Expectation

from clv.catalog import tables
from clv.quality.rules import Slice, never
from expectations import arrived
from expectations.analytics.of_run import REMEDY, RUNS, agree


def revenue_bridge(slice_: Slice) -> list[Expectation]:
    """The expectations of the table revenue_bridge. It has one row per source, month and step."""
    return [
        _starts_as_loaded(slice_),
        never(
            "steps_add_up",
            "consistency",
            """select source, month, sum(amount) filter (where step <> 'net_revenue') as steps,
                sum(amount) filter (where step = 'net_revenue') as net_revenue
            from {batch} group by source, month
            having coalesce(sum(amount) filter (where step <> 'net_revenue'), 0)
                is distinct from sum(amount) filter (where step = 'net_revenue')""",
            "the steps of a source's month do not add up to its net revenue, to the cent",
            REMEDY,
        ),
        never(
            "rounding_is_small",
            "accuracy",
            """select source, month, sum(abs(amount)) filter (where step = 'rounding') as rounding
            from {batch} group by source, month
            having sum(abs(amount)) filter (where step = 'rounding')
                > 0.01 * (20 + sum(row_count) filter (where step = 'net_revenue'))""",
            "the rounding of a source's month is more than rounding: a cent for each order and step",
            REMEDY,
        ),
        agree(
            "revenue_reconciles",
            "consistency",
            "the bridge does not end in the revenue of the orders",
            "revenue_of_bridge is distinct from revenue_of_orders",
            revenue_of_bridge="select sum(amount) from {batch} where step = 'net_revenue'",
            revenue_of_orders=f"select sum(net_revenue) from {RUNS}.fct_orders where {slice_.where}",  # noqa: S608 - our own SQL; values are bound or quoted
        ),
        agree(
            "moves_add_up_to_nothing",
            "consistency",
            "what refunds move from one month or source to another does not add up to nothing",
            "abs(moved) > rounding",
            moved="select coalesce(sum(amount), 0) from {batch} where step = 'moved'",
            # A move that rounds to nothing is not listed, but each source's month has a row of its net revenue.
            rounding="select 0.005 * count(*) from {batch} where step = 'net_revenue'",
        ),
    ]


def _starts_as_loaded(slice_: Slice) -> Expectation:
    """Expects sales and refunds to be the sums of the files, by month and to the cent, and to have all of their rows.

    What the files state is read from raw, not from the layers by which the bridge is built. Rows of unknown time are
    not compared.
    """
    return never(
        "starts_as_loaded",
        "completeness",
        f"""select
            source, month, bridge.amount, loaded.amount as loaded, bridge.row_count, loaded.row_count as rows_loaded
        from (
            select source, month, sum(amount) as amount, sum(row_count) as row_count, 0.005 * count(*) as rounding
            from {{batch}} as steps where step in ('sales', 'refunds') and month <> 'unknown' group by source, month
        ) as bridge
        full join (
            select source, to_char(first_day, 'YYYY-MM') as month, amount, row_count
            from (
                select
                    batches.source, date_trunc('month', lines.ordered_at) as first_day, count(*) as row_count,
                    sum(
                        coalesce(lines.stated_amount, lines.amount, 0) * coalesce(rates.rate / rates.fixed_rate, 1)
                    ) as amount
                from {tables.ORDER_LINES} as lines
                left join {tables.STG_LINE_RATES} as rates
                    on (rates.batch_id, rates.line, rates.entry) = (lines._batch_id, lines._line, lines._entry)
                inner join {tables.STG_BATCHES} as batches on batches.batch_id = lines._batch_id
                where lines.ordered_at < {slice_.before} and not batches.is_withdrawn and not batches.is_read_again
                group by batches.source, date_trunc('month', lines.ordered_at)
            ) as months
        ) as loaded using (source, month)
        where not {arrived.meanwhile(slice_)} and (
            bridge.row_count = loaded.row_count and abs(bridge.amount - loaded.amount) <= bridge.rounding
        ) is not true""",  # noqa: S608 - our own SQL; values are bound or quoted
        "the bridge does not start with the rows and the money of the loaded files",
        "look at the models of staging and of intermediate: they lost or changed rows",
    )
