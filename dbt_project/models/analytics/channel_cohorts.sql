with

customers as (
    {{ customers_by_channel() }}
),

orders as (
    select *
    from {{ ref('cohort_orders') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

spends as (
    select *
    from {{ ref('channel_month_spend') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

covered as (
    select
        max(covered_from) as covered_from,
        max(covered_to) as covered_to
    from {{ ref('channel_spend') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

currency as (select max(currency) as currency from customers),

acquired as (
    select
        customers.*,
        coalesce(customers.acquired_on between covered.covered_from and covered.covered_to, false) as is_covered
    from customers
    cross join covered
    where customers.acquired_on is not null
),

cohorts as (
    select
        channel,
        cohort_month,
        count(*) as customers,
        count(*) filter (where is_covered) as covered_customers,
        sum(historic_revenue) as revenue,
        sum(historic_profit) as profit,
        sum(predicted_clv) as predicted_clv
    from acquired
    group by channel, cohort_month
),

ratios as (
    select
        coalesce(cohorts.channel, spends.channel) as channel,
        coalesce(cohorts.cohort_month, spends.month) as cohort_month,
        coalesce(cohorts.customers, 0) as customers,
        coalesce(cohorts.covered_customers, 0) as covered_customers,
        coalesce(cohorts.revenue, 0) as revenue,
        coalesce(cohorts.profit, 0) as profit,
        cohorts.predicted_clv,
        spends.spend,
        spends.spend / nullif(cohorts.covered_customers, 0) as cac,
        (cohorts.profit + cohorts.predicted_clv) / cohorts.customers as ltv
    from cohorts
    full outer join spends on cohorts.channel = spends.channel and cohorts.cohort_month = spends.month
),

-- Rows dated before a customer's first order count in the month of that order.
profits as (
    select
        channel,
        acquired_month as cohort_month,
        greatest({{ months_between('acquired_month', 'month') }}, 0) as month_number,
        sum(profit) as profit
    from orders
    where acquired_month is not null
    group by channel, acquired_month, greatest({{ months_between('acquired_month', 'month') }}, 0)
),

so_far as (
    select
        channel,
        cohort_month,
        month_number,
        sum(profit) over (partition by channel, cohort_month order by month_number) as profit
    from profits
),

-- A month that is not over by the as-of date has too little data.
paybacks as (
    select
        so_far.channel,
        so_far.cohort_month,
        min(so_far.month_number) as payback_month
    from so_far
    inner join ratios on so_far.channel = ratios.channel and so_far.cohort_month = ratios.cohort_month
    where
        so_far.profit / ratios.customers >= ratios.cac
        and so_far.month_number
        < {{ months_between('so_far.cohort_month', "date '" ~ given("as_of_date") ~ "'") }}
    group by so_far.channel, so_far.cohort_month
),

final as (
    select
        date '{{ given("as_of_date") }}' as as_of_date,
        '{{ given("run_id") }}'::text as run_id,
        ratios.channel,
        ratios.cohort_month,
        currency.currency,
        ratios.customers::integer as customers,
        ratios.revenue,
        ratios.profit,
        ratios.predicted_clv,
        {{ money('ratios.revenue / nullif(ratios.customers, 0)') }} as revenue_per_customer,
        {{ money('ratios.ltv') }} as ltv,
        ratios.covered_customers::integer as covered_customers,
        {{ money('ratios.spend') }} as spend,
        {{ money('ratios.cac') }} as cac,
        round(ratios.ltv / nullif(ratios.cac, 0), 2) as ltv_to_cac,
        paybacks.payback_month
    from ratios
    cross join currency
    left join paybacks on ratios.channel = paybacks.channel and ratios.cohort_month = paybacks.cohort_month
)

select * from final
