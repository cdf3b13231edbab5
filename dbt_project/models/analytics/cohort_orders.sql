{#- Read once for the cohorts of customers and those of channels. -#}
with

orders as not materialized (
    select *
    from {{ ref('fct_orders') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

sums as (
    select *
    from {{ ref('customer_orders') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

profiles as (
    select *
    from {{ ref('dim_customer') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

-- A customer who never ordered (refunds only) belongs to the month of the first refund.
cohorts as materialized (
    select
        sums.customer_key,
        {{ month_of('coalesce(sums.first_order_on, sums.first_on)') }} as cohort_month,
        profiles.cohort_month as acquired_month,
        coalesce(profiles.first_channel, 'not known') as channel
    from sums
    left join profiles on sums.customer_key = profiles.customer_key
),

sums_of_months as (
    select
        cohorts.cohort_month,
        cohorts.acquired_month,
        cohorts.channel,
        {{ month_of('orders.ordered_on') }} as month,
        0 as active_customers,
        count(*) filter (where orders.kind = 'order') as orders_count,
        sum(orders.net_revenue) as revenue,
        sum(orders.profit) as profit
    from orders
    inner join cohorts on orders.customer_key = cohorts.customer_key
    group by
        cohorts.cohort_month, cohorts.acquired_month, cohorts.channel, {{ month_of('orders.ordered_on') }}
),

customer_months as (
    select distinct
        customer_key,
        {{ month_of('ordered_on') }} as month
    from orders
    where kind = 'order'
),

active_of_months as (
    select
        cohorts.cohort_month,
        cohorts.acquired_month,
        cohorts.channel,
        customer_months.month,
        count(*) as active_customers,
        0 as orders_count,
        0 as revenue,
        0 as profit
    from customer_months
    inner join cohorts on customer_months.customer_key = cohorts.customer_key
    group by cohorts.cohort_month, cohorts.acquired_month, cohorts.channel, customer_months.month
),

parts as (
    select * from sums_of_months
    union all
    select * from active_of_months
),

final as (
    select
        date '{{ given("as_of_date") }}' as as_of_date,
        '{{ given("run_id") }}'::text as run_id,
        cohort_month,
        acquired_month,
        channel,
        month,
        sum(active_customers) as active_customers,
        sum(orders_count) as orders_count,
        sum(revenue) as revenue,
        sum(profit) as profit
    from parts
    group by cohort_month, acquired_month, channel, month
)

select * from final
