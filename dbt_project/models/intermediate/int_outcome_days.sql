{{ config(indexes=[{'columns': ['day']}]) }}

with

lines as (
    {{ rows_of_persons(ref('stg_order_lines')) | indent(4) }}
),

sums as (
    select
        customer_key,
        ordered_on as day,
        coalesce(sum(amount) filter (where amount > 0), 0) as gross_revenue,
        coalesce(sum(amount) filter (where amount < 0), 0) as refunds,
        sum(amount) as net_revenue,
        sum(amount - case when is_refund then -abs(cost) else abs(cost) end) as known_profit,
        coalesce(sum(amount) filter (where cost is null), 0) as revenue_without_cost
    from lines
    group by customer_key, ordered_on
),

-- Whether a day is a purchase day depends on its own lines alone, so later rows do not change it.
final as (
    select
        *,
        net_revenue > 0 as is_purchase_day
    from sums
)

select
    customer_key,
    day,
    is_purchase_day,
    gross_revenue,
    refunds,
    net_revenue,
    known_profit,
    revenue_without_cost
from final
