"""Expectations of the orders and of the cohorts."""

from __future__ import annotations

from great_expectations.expectations.expectation import Expectation

from clv.catalog import tables
from clv.quality.rules import Slice, between, complete, never, never_where
from expectations.analytics.of_run import REMEDY, RUNS, agree


def fct_orders(slice_: Slice) -> list[Expectation]:
    """The expectations of the table fct_orders. It has one row per order, net of refunds. Money is rounded per order,
    so sums of unrounded amounts may differ by the rounding."""
    return [
        *complete("order_key", "customer_key", "net_revenue"),
        agree(
            "revenue_reconciles",
            "consistency",
            "the orders do not add up to the customers' revenue, to the penny",
            "(abs(revenue_of_orders - revenue_of_customers) <= rounding) is not true",
            revenue_of_orders="select sum(net_revenue) from {batch}",
            revenue_of_customers=f"""select sum(round(revenue_total::numeric, 4)) from {tables.CUSTOMER_FEATURES}
                where {slice_.where}""",  # noqa: S608 - our own SQL; values are bound or quoted
            rounding=f"""select 0.005 * count(*) from {tables.STG_ORDER_LINES}
                where ordered_at < {slice_.before} and amount <> round(amount, 2)""",  # noqa: S608 - our own SQL; values are bound or quoted
        ),
        never(
            "lines_add_up",
            "consistency",
            f"""select order_key, net_revenue, amount, cost_of_goods, cost_of_lines
            from (
                select
                    order_key, net_revenue,
                    net_revenue - profit - payment_fee - shipping_cost - return_cost as cost_of_goods
                from {{batch}} as rounded
            ) as orders
            full join ({_lines(slice_)}) as lines using (order_key)
            where (
                abs(net_revenue - amount) <= 0.01 and abs(cost_of_goods - cost_of_lines) <= 0.015
            ) is not true""",  # noqa: S608 - our own SQL; values are bound or quoted
            "an order's lines do not add up to its revenue and its cost of goods, to the penny",
            REMEDY,
        ),
        never_where(
            "nothing_from_the_future",
            "accuracy",
            "order_key, ordered_on",
            f"ordered_on >= {slice_.before}",
            "an order on or after the date",
            REMEDY,
        ),
    ]


def _lines(slice_: Slice) -> str:
    """The sums of the run's lines by order, as SQL: their revenue and their cost of goods. The cost is that of the
    line, or else of its product, or else what gross_margin leaves of its revenue."""
    return f"""
        select
            order_key, amount,
            cost + coalesce(product_cost, 0)
            + (without_cost - coalesce(revenue_costed, 0)) * (
                select 1 - gross_margin from {tables.ORDER_LINE_STATES} where {slice_.where}
            ) as cost_of_lines
        from (
            select
                order_key, sum(amount) as amount, coalesce(sum(cost), 0) as cost,
                coalesce(sum(amount) filter (where cost is null), 0) as without_cost
            from {tables.ORDER_LINES_OF_RUNS} where {slice_.where} group by order_key
        ) as sums
        left join (
            select order_key, product_cost, revenue_costed from {tables.ORDER_COSTS} where {slice_.where}
        ) as stated using (order_key)"""  # noqa: S608 - our own SQL; values are bound or quoted


def cohort_value(slice_: Slice) -> list[Expectation]:
    """The expectations of the table cohort_value. It has one row per cohort and month since the cohort's first
    orders."""
    orders = f"{RUNS}.fct_orders where {slice_.where}"
    return [
        between("retention", 0, 1),
        agree(
            "revenue_reconciles",
            "consistency",
            "the cohorts' revenue does not add up to that of the orders",
            "revenue_of_cohorts is distinct from revenue_of_orders",
            revenue_of_cohorts="select sum(revenue) from {batch}",
            revenue_of_orders=f"select sum(net_revenue) from {orders}",  # noqa: S608 - our own SQL; values are bound or quoted
        ),
        agree(
            "customers_complete",
            "completeness",
            "the cohorts' customers are not all who have an order",
            "customers_in_cohorts is distinct from customers",
            customers_in_cohorts="select sum(customers) from {batch} where month_number = 0",
            customers=f"select count(*) from (select from {orders} group by customer_key) as customers",  # noqa: S608 - our own SQL; values are bound or quoted
        ),
    ]
