{#-
  A run reads an order as it stood in the run's state of the warehouse, at the run's date. So a row holds for states and
  for dates, and no run copies the orders: a build writes only the differences from the state before.
-#}
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['order_key', 'from_date', 'from_state'],
    on_schema_change='append_new_columns',
    full_refresh=false,
    indexes=[{'columns': ['customer_key']}],
) }}

{%- set columns = [
    'until_date', 'customer_key', 'kind', 'ordered_on', 'ordered_at', 'order_number', 'gross_revenue', 'discount',
    'refunds', 'refunded_on', 'last_refunded_on', 'known_profit', 'revenue_without_cost', 'items', 'channel', 'country',
    'main_category', 'campaign', 'discount_code', 'tax', 'shipping', 'tip', 'gift_card',
] %}

with

order_days as not materialized (select * from {{ ref('int_order_days') }}),

refunds as (select * from {{ ref('int_refunds') }}),

orders as not materialized (select * from {{ ref('int_orders') }}),

orders_of_several_days as (
    select
        order_key,
        min(day) filter (where gross_revenue > 0) + 1 as paid_from
    from order_days
    group by order_key
    having count(*) > 1
),

-- Until its order is known, a refund counts by itself.
counted_refunds as (
    select
        refunds.*,
        orders.order_key as target_key,
        greatest(refunds.refunded_on, orders.ordered_on) + 1 as from_date,
        null::date as until_date
    from refunds
    inner join orders on refunds.order_key = orders.order_key
    union all
    select
        refunds.*,
        refunds.refund_order_key as target_key,
        refunds.refunded_on + 1 as from_date,
        orders.ordered_on + 1 as until_date
    from refunds
    left join orders on refunds.order_key = orders.order_key
    where orders.order_key is null or refunds.refunded_on < orders.ordered_on
),

paid_orders as (
    select
        orders.order_key,
        orders.customer_key,
        orders.ordered_at,
        coalesce(orders_of_several_days.paid_from, orders.ordered_on + 1) as paid_from
    from orders
    left join orders_of_several_days on orders.order_key = orders_of_several_days.order_key
    where orders.gross_revenue > 0
),

-- paid_after: the last day on which an earlier order of the customer was paid. If it is later than the order's own, the
-- order's number rises on that day.
numbered as (
    select
        order_key,
        customer_key,
        ordered_at,
        paid_from,
        row_number() over by_time as order_number,
        max(paid_from) over (by_time rows between unbounded preceding and 1 preceding) as paid_after
    from paid_orders
    window by_time as (partition by customer_key order by ordered_at, order_key)
),

renumberings as (
    select
        later.order_key,
        earlier.paid_from as from_date,
        count(*) as orders
    from numbered as later
    inner join numbered as earlier
        on
            later.paid_after > later.paid_from
            and later.customer_key = earlier.customer_key
            and later.paid_from < earlier.paid_from
            and (later.ordered_at, later.order_key) > (earlier.ordered_at, earlier.order_key)
    group by later.order_key, earlier.paid_from
),

-- All other orders look the same at every date that knows them.
changing as (
    select order_key
    from orders_of_several_days
    union
    select target_key as order_key
    from counted_refunds
    union
    select order_key
    from renumberings
),

days_of_changing as (
    select order_days.*
    from order_days
    inner join changing on order_days.order_key = changing.order_key
),

-- The dates from which an order looks different.
cuts as (
    select
        order_key,
        day + 1 as from_date
    from days_of_changing
    union
    select
        target_key as order_key,
        from_date
    from counted_refunds
    union
    select
        target_key as order_key,
        until_date as from_date
    from counted_refunds
    where until_date is not null
    union
    select
        order_key,
        from_date
    from renumberings
),

steps as (
    select
        order_key,
        from_date,
        lead(from_date) over (partition by order_key order by from_date) as until_date
    from cuts
),

days_of_steps as (
    select
        days_of_changing.*,
        steps.from_date
    from steps
    inner join days_of_changing
        on steps.order_key = days_of_changing.order_key and steps.from_date > days_of_changing.day
),

orders_of_steps as (
    {{ orders_of_days('days_of_steps', at='from_date') | indent(4) }}
),

refunds_of_steps as (
    select
        steps.order_key,
        steps.from_date,
        counted_refunds.customer_key,
        min(counted_refunds.refunded_at) as refunded_at,
        min(counted_refunds.refunded_on) as refunded_on,
        max(counted_refunds.refunded_on) as last_refunded_on,
        sum(counted_refunds.amount) as amount,
        sum(counted_refunds.known_profit) as known_profit,
        sum(counted_refunds.revenue_without_cost) as revenue_without_cost,
        min(counted_refunds.channel) as channel,
        min(counted_refunds.country) as country
    from steps
    inner join counted_refunds
        on
            steps.order_key = counted_refunds.target_key
            and steps.from_date >= counted_refunds.from_date
            and (steps.from_date < counted_refunds.until_date or counted_refunds.until_date is null)
    group by steps.order_key, steps.from_date, counted_refunds.customer_key
),

-- How many earlier orders are not paid yet at a step.
unpaid_of_steps as (
    select
        steps.order_key,
        steps.from_date,
        sum(renumberings.orders) as orders
    from steps
    inner join renumberings on steps.order_key = renumberings.order_key and steps.from_date < renumberings.from_date
    group by steps.order_key, steps.from_date
),

seen as (
    select
        steps.order_key,
        steps.from_date,
        steps.until_date,
        coalesce(known.customer_key, refunded.customer_key) as customer_key,
        known.order_key is null as is_refund_only,
        coalesce(known.ordered_on, refunded.refunded_on) as ordered_on,
        coalesce(known.ordered_at, refunded.refunded_at) as ordered_at,
        coalesce(unpaid.orders, 0) as unpaid_before,
        known.gross_revenue,
        known.discount,
        refunded.amount as refunds,
        refunded.refunded_on,
        refunded.last_refunded_on,
        coalesce(known.known_profit, 0) + coalesce(refunded.known_profit, 0) as known_profit,
        coalesce(known.revenue_without_cost, 0)
        + coalesce(refunded.revenue_without_cost, 0) as revenue_without_cost,
        known.items,
        coalesce(known.channel, refunded.channel) as channel,
        coalesce(known.country, refunded.country) as country,
        known.main_category,
        known.campaign,
        known.discount_code,
        known.tax,
        known.shipping,
        known.tip,
        known.gift_card
    from steps
    left join orders_of_steps as known on steps.order_key = known.order_key and steps.from_date = known.from_date
    left join refunds_of_steps as refunded
        on steps.order_key = refunded.order_key and steps.from_date = refunded.from_date
    left join unpaid_of_steps as unpaid
        on steps.order_key = unpaid.order_key and steps.from_date = unpaid.from_date
    where known.order_key is not null or refunded.order_key is not null
    union all
    select
        orders.order_key,
        orders.ordered_on + 1 as from_date,
        null as until_date,
        orders.customer_key,
        false as is_refund_only,
        orders.ordered_on,
        orders.ordered_at,
        0 as unpaid_before,
        orders.gross_revenue,
        orders.discount,
        null as refunds,
        null as refunded_on,
        null as last_refunded_on,
        coalesce(orders.known_profit, 0) as known_profit,
        coalesce(orders.revenue_without_cost, 0) as revenue_without_cost,
        orders.items,
        orders.channel,
        orders.country,
        orders.main_category,
        orders.campaign,
        orders.discount_code,
        orders.tax,
        orders.shipping,
        orders.tip,
        orders.gift_card
    from orders
    where not exists (select from changing where orders.order_key = changing.order_key)
),

standing as (
    select
        seen.order_key,
        seen.from_date,
        seen.until_date,
        seen.customer_key,
        case
            when seen.is_refund_only then 'refund_only'
            when seen.gross_revenue > 0 then 'order'
            else 'free'
        end as kind,
        seen.ordered_on,
        seen.ordered_at,
        case when seen.gross_revenue > 0 then numbered.order_number - seen.unpaid_before end::integer as order_number,
        {{ money('coalesce(seen.gross_revenue, 0)') }}::numeric(18, 2) as gross_revenue,
        {{ money('coalesce(seen.discount, 0)') }}::numeric(18, 2) as discount,
        {{ money('coalesce(seen.refunds, 0)') }}::numeric(18, 2) as refunds,
        seen.refunded_on,
        seen.last_refunded_on,
        seen.known_profit,
        seen.revenue_without_cost,
        coalesce(seen.items, 0) as items,
        seen.channel,
        seen.country,
        seen.main_category,
        seen.campaign,
        seen.discount_code,
        {{ money('seen.tax') }}::numeric(18, 2) as tax,
        {{ money('seen.shipping') }}::numeric(18, 2) as shipping,
        {{ money('seen.tip') }}::numeric(18, 2) as tip,
        {{ money('seen.gift_card') }}::numeric(18, 2) as gift_card
    from seen
    left join numbered on seen.order_key = numbered.order_key
),

{{ versions_of_standing(['order_key', 'from_date'], columns) }}

select * from final
