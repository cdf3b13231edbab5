"""Expectations of the bridge from what exports state to net revenue."""

from __future__ import annotations

from great_expectations.expectations.expectation import Expectation

from clv.quality.rules import Slice, never
from expectations.analytics.of_run import REMEDY, RUNS, agree


def revenue_bridge(slice_: Slice) -> list[Expectation]:
    """The expectations of the table revenue_bridge. It has one row per source, month and step."""
    return [
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
