"""Gate `analytics`: do the tables that would be published agree with each other, and with the features?

The gate `features` has proven those against staging; another run may have rebuilt staging since.
"""

from __future__ import annotations

from clv import settings, tables
from expectations.economics import MEND, RUNS, channel_cohorts, customer_economics, forecast_months
from expectations.rules import Slice, Suite, between, complete, counted, has_rows, never, unique

# A shop that sells at a loss has negative values, and a longer horizon loses more. So the order of bounds and horizons
# is asked for only where a value is not negative.
MONEY = ("revenue", "profit", "clv")
RISING = (
    "p_purchase", "expected_orders", "predicted_revenue",
    "predicted_clv", "predicted_clv_p10", "predicted_clv_p50", "predicted_clv_p90",
)  # fmt: skip


def customer_clv(slice_: Slice) -> Suite:
    """One row per customer."""
    features = f"(select * from {tables.CUSTOMER_FEATURES} where {slice_.where}) as features"
    money = ("predicted_revenue", "predicted_clv", "predicted_clv_p10", "predicted_clv_p90", "value_tier")
    return Suite(
        f"{RUNS}.customer_clv",
        f"SELECT * from {RUNS}.customer_clv where {slice_.where}",
        [
            has_rows(f"no customer has a value at {slice_.as_of_date}", MEND),
            unique("customer_key"),
            *complete("customer_key", "currency", "status", "historic_revenue", "orders_count", "segment"),
            never(
                "customers_complete",
                f"""select coalesce(clv.customer_key, features.customer_key) as customer_key from {{batch}} as clv
                full join {features} on features.customer_key = clv.customer_key
                where clv.customer_key is null or features.customer_key is null""",
                "a customer with features has no value, or the other way round",
                MEND,
            ),
            never(
                "revenue_reconciles",
                f"""select clv.customer_key, clv.historic_revenue, orders.revenue from {{batch}} as clv
                left join (
                    select customer_key, sum(net_revenue) as revenue from {RUNS}.fct_orders
                    where {slice_.where} group by customer_key
                ) as orders on orders.customer_key = clv.customer_key
                where clv.historic_revenue is distinct from orders.revenue""",
                "a customer's historic revenue is not the sum of their orders, to the penny",
                MEND,
            ),
            never(
                "scored_has_money",
                f"""select customer_key from {{batch}}
                where status = 'scored' and num_nulls({", ".join(money)}) > 0""",
                "a scored customer without a forecast in money or a value tier",
                MEND,
            ),
            between("p_purchase", 0, 1),
            between("p_alive", 0, 1),
            never(
                "chances_ordered",
                "select customer_key, p_purchase, p_alive from {batch} where p_purchase > p_alive",
                "an order is likelier than being a customer still",
                MEND,
            ),
            never(
                "interval_around_the_mean",
                """select customer_key, predicted_clv_p10, predicted_clv_p50, predicted_clv_p90, predicted_clv
                from {batch}
                where predicted_clv >= 0 and (
                    predicted_clv_p10 > least(predicted_clv, predicted_clv_p50)
                    or predicted_clv_p50 > predicted_clv_p90
                )""",
                "the interval's ends and the median are not in order, or its lower end is above the mean",
                MEND,
            ),
            between("clv_percentile", 0, 100),
            never(
                "tiers_have_their_shares",
                f"""select * from (
                    select
                        tiers.value_tier, tiers.top_percent,
                        count(*) filter (where reached.top_percent <= tiers.top_percent) as customers_down_to_it,
                        ceil(count(*) * tiers.top_percent / 100) as stated
                    from {RUNS}.value_tiers as tiers
                    cross join {{batch}} as clv
                    join {RUNS}.value_tiers as reached on reached.value_tier = clv.value_tier
                    group by tiers.value_tier, tiers.top_percent
                ) as shares
                where abs(customers_down_to_it - stated) > 1""",
                "a value tier does not hold its stated share of customers",
                MEND,
            ),
        ],
    )


def customer_clv_horizons(slice_: Slice) -> Suite:
    """One row per customer and horizon."""
    clv = f"(select customer_key from {RUNS}.customer_clv where {slice_.where}) as clv"
    horizons = ", ".join(f"({days})" for days in settings.load().horizons)
    falls = " or ".join(f"before[{i}] > 0 and measured[{i}] < before[{i}]" for i in range(1, len(RISING) + 1))
    return Suite(
        f"{RUNS}.customer_clv_horizons",
        f"SELECT * from {RUNS}.customer_clv_horizons where {slice_.where}",
        [
            has_rows(f"no customer has a forecast at {slice_.as_of_date}", MEND),
            unique("customer_key", "horizon_days"),
            *complete("customer_key", "horizon_days"),
            never(
                "one_row_per_horizon",
                f"""select clv.customer_key, wanted.horizon_days
                from {clv} cross join (values {horizons}) as wanted (horizon_days)
                full join {{batch}} as h on h.customer_key = clv.customer_key and h.horizon_days = wanted.horizon_days
                where h.customer_key is null or clv.customer_key is null""",
                "a customer of customer_clv has no row for a horizon, or the other way round",
                MEND,
            ),
            never(
                "longer_is_not_less",
                f"""select customer_key, horizon_days, measured, before from (
                    select *, lag(measured) over (partition by customer_key order by horizon_days) as before from (
                        select customer_key, horizon_days, array[{", ".join(RISING)}] as measured
                        from {{batch}}
                    ) as rows
                ) as steps where {falls}""",
                f"a longer horizon promises less than a shorter one, at one of {', '.join(RISING)}",
                MEND,
            ),
        ],
    )


def customer_segments(slice_: Slice) -> Suite:
    """One row per customer."""
    return Suite(
        f"{RUNS}.customer_segments",
        f"SELECT * from {RUNS}.customer_segments where {slice_.where}",
        [
            has_rows(f"no customer has a segment at {slice_.as_of_date}", MEND),
            unique("customer_key"),
            *complete("segment", "lifecycle_stage", "tags"),
            never(
                "customers_complete",
                f"""select coalesce(segments.customer_key, clv.customer_key) as customer_key from {{batch}} as segments
                full join (select customer_key from {RUNS}.customer_clv where {slice_.where}) as clv
                    on clv.customer_key = segments.customer_key
                where segments.customer_key is null or clv.customer_key is null""",
                "a customer stands in one of customer_segments and customer_clv only",
                MEND,
            ),
            never(
                "valued_have_a_band",
                f"""select customer_key from {{batch}} inner join (
                    select customer_key, value_tier from {RUNS}.customer_clv where {slice_.where}
                ) as clv using (customer_key)
                where (value_band is null) <> (clv.value_tier is null)""",
                "a customer has a value tier and no value band, or the other way round",
                MEND,
            ),
        ],
    )


def segment_transitions(slice_: Slice) -> Suite:
    """One row per move from a segment to another."""
    return Suite(
        f"{RUNS}.segment_transitions",
        f"SELECT * from {RUNS}.segment_transitions where {slice_.where}",
        [
            has_rows(f"no customer's segments are compared at {slice_.as_of_date}", MEND),
            unique("from_segment", "to_segment"),
            never(
                "customers_add_up",
                f"""select * from (
                    select
                        to_segment, sum(moves.customers) as customers_who_came, max(summary.customers) as customers
                    from {{batch}} as moves
                    full join (select * from {RUNS}.segment_summary where {slice_.where}) as summary
                        on summary.segment = moves.to_segment
                    group by to_segment
                ) as totals
                where customers_who_came is distinct from customers""",
                "the customers who came to a segment, or stayed, are not its customers",
                MEND,
            ),
        ],
    )


def cohort_value(slice_: Slice) -> Suite:
    """One row per cohort and month of its life."""
    return Suite(
        f"{RUNS}.cohort_value",
        f"SELECT * from {RUNS}.cohort_value where {slice_.where}",
        [
            has_rows(f"no cohort is there at {slice_.as_of_date}", MEND),
            unique("cohort_month", "month_number"),
            between("retention", 0, 1),
            never(
                "revenue_reconciles",
                f"""select * from (
                    select
                        (select sum(revenue) from {{batch}}) as revenue_of_cohorts,
                        (select sum(net_revenue) from {RUNS}.fct_orders where {slice_.where}) as revenue_of_orders
                ) as totals
                where revenue_of_cohorts is distinct from revenue_of_orders""",
                "the cohorts' revenue does not add up to that of the orders",
                MEND,
            ),
            never(
                "customers_complete",
                f"""select * from (
                    select
                        (select sum(customers) from {{batch}} where month_number = 0) as customers_in_cohorts,
                        (select count(distinct customer_key) from {RUNS}.fct_orders where {slice_.where}) as customers
                ) as totals
                where customers_in_cohorts is distinct from customers""",
                "the cohorts' customers are not all who have an order",
                MEND,
            ),
        ],
    )


def channel_value(slice_: Slice) -> Suite:
    """One row per channel; none without ad spend."""
    return Suite(
        f"{RUNS}.channel_value",
        f"SELECT * from {RUNS}.channel_value where {slice_.where}",
        [
            counted(),
            unique("channel"),
            *complete("channel", "customers", "covered_from", "covered_to"),
            never(
                "spend_reconciles",
                f"""select * from (
                    select
                        (select sum(spend) from {{batch}}) as spend_of_channels,
                        (select sum(round(spend, 2)) from {tables.CHANNEL_SPEND_BEFORE} where {slice_.where}) as spend
                ) as totals
                where spend_of_channels is distinct from spend""",
                "the channels' spend does not add up to what was spent before the date",
                MEND,
            ),
            never(
                "nothing_from_the_future",
                f"select channel, covered_to from {{batch}} where covered_to >= {slice_.before}",
                "ad spend on or after the date",
                MEND,
            ),
        ],
    )


def personas(slice_: Slice) -> Suite:
    """One row per persona; none without a trained model."""
    return Suite(
        f"{RUNS}.personas",
        f"SELECT * from {RUNS}.personas where {slice_.where}",
        [
            counted(),
            unique("persona"),
            *complete("name", "customers"),
            never(
                "customers_add_up",
                f"""select * from (
                    select
                        coalesce((select sum(customers) from {{batch}}), 0) as customers_in_personas,
                        (
                            select count(*) from {RUNS}.customer_segments where {slice_.where} and persona is not null
                        ) as customers
                ) as totals
                where customers_in_personas is distinct from customers""",
                "the personas' customers are not those of customer_segments",
                MEND,
            ),
        ],
    )


def segment_summary(slice_: Slice) -> Suite:
    """One row per segment."""
    return Suite(
        f"{RUNS}.segment_summary",
        f"SELECT * from {RUNS}.segment_summary where {slice_.where}",
        [
            has_rows(f"no segment is summed up at {slice_.as_of_date}", MEND),
            unique("segment"),
            never(
                "customers_add_up",
                f"""select * from (
                    select
                        (select sum(customers) from {{batch}}) as customers_in_segments,
                        (select count(*) from {RUNS}.customer_clv where {slice_.where}) as customers
                ) as totals
                where customers_in_segments is distinct from customers""",
                "the segments' customers do not add up to all customers",
                MEND,
            ),
        ],
    )


def forecast_totals(slice_: Slice) -> Suite:
    """One row per horizon and group; none without a forecast."""
    ends = [(f"predicted_{what}_low", f"predicted_{what}", f"predicted_{what}_high") for what in MONEY]
    wrong = [f"{mean} >= 0 and ({low} > {mean} or {high} < {low})" for low, mean, high in ends]
    main = f"(select * from {RUNS}.customer_clv where {slice_.where} and status = 'scored') as clv"
    return Suite(
        f"{RUNS}.forecast_totals",
        f"SELECT * from {RUNS}.forecast_totals where {slice_.where}",
        [
            counted(),
            unique("horizon_days", "grouped_by", "group_name"),
            *complete("customers", "predicted_revenue", "predicted_clv"),
            never(
                "interval_around_the_mean",
                f"""select horizon_days, grouped_by, group_name, {", ".join(sum(ends, ()))} from {{batch}}
                where {" or ".join(wrong)}""",
                "the ends of a sum's interval are not in order, or its lower end is above the mean",
                MEND,
            ),
            never(
                "customers_add_up",
                f"""select * from (
                    select grouped_by, sum(customers) as customers_in_groups, sum(predicted_clv) as clv_of_groups
                    from {{batch}}
                    where horizon_days = (select max(horizon_days) from {RUNS}.customer_clv where {slice_.where})
                    group by grouped_by
                ) as totals
                cross join (select count(*) as customers, sum(predicted_clv) as clv from {main}) as scored
                where customers_in_groups <> customers or clv_of_groups <> clv""",
                "the customers or the value of the groups do not add up to customer_clv",
                MEND,
            ),
        ],
    )


def dim_customer(slice_: Slice) -> Suite:
    """One row per customer."""
    return Suite(
        f"{RUNS}.dim_customer",
        f"SELECT * from {RUNS}.dim_customer where {slice_.where}",
        [
            has_rows(f"no customer has a profile at {slice_.as_of_date}", MEND),
            unique("customer_key"),
            never(
                "customers_complete",
                f"""select coalesce(dim.customer_key, clv.customer_key) as customer_key from {{batch}} as dim
                full join (select customer_key from {RUNS}.customer_clv where {slice_.where}) as clv
                    on clv.customer_key = dim.customer_key
                where dim.customer_key is null or clv.customer_key is null""",
                "a customer stands in one of dim_customer and customer_clv only",
                MEND,
            ),
        ],
    )


def fct_orders(slice_: Slice) -> Suite:
    """One row per order, net of refunds. Money is rounded per order: sums of finer amounts may differ by that."""
    return Suite(
        f"{RUNS}.fct_orders",
        f"SELECT * from {RUNS}.fct_orders where {slice_.where}",
        [
            has_rows(f"no order is there at {slice_.as_of_date}", MEND),
            unique("order_key"),
            *complete("order_key", "customer_key", "net_revenue"),
            never(
                "revenue_reconciles",
                f"""select * from (
                    select
                        (select sum(net_revenue) from {{batch}}) as revenue_of_orders,
                        (
                            select sum(round(revenue_total::numeric, 4)) from {tables.CUSTOMER_FEATURES}
                            where {slice_.where}
                        ) as revenue_of_customers,
                        (
                            select 0.005 * count(*) from {tables.STG_ORDER_LINES}
                            where ordered_at < {slice_.before} and amount <> round(amount, 2)
                        ) as rounding
                ) as totals
                where (abs(revenue_of_orders - revenue_of_customers) <= rounding) is not true""",
                "the orders do not add up to the customers' revenue, to the penny",
                MEND,
            ),
            never(
                "lines_add_up",
                f"""select order_key, orders.net_revenue, lines.amount
                from (select * from {{batch}}) as orders
                full join (
                    select order_key, sum(amount) as amount from {tables.ORDER_LINES_OF_RUNS}
                    where {slice_.where} group by order_key
                ) as lines using (order_key)
                where (abs(orders.net_revenue - lines.amount) <= 0.01) is not true""",
                "an order's lines do not add up to it, to the penny",
                MEND,
            ),
            never(
                "nothing_from_the_future",
                f"select order_key, ordered_on from {{batch}} where ordered_on >= {slice_.before}",
                "an order on or after the date",
                MEND,
            ),
        ],
    )


SUITES = (
    customer_clv,
    customer_clv_horizons,
    customer_segments,
    segment_summary,
    segment_transitions,
    cohort_value,
    channel_value,
    channel_cohorts,
    forecast_months,
    customer_economics,
    personas,
    forecast_totals,
    dim_customer,
    fct_orders,
)
