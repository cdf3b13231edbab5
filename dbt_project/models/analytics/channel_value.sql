with

customers as (
    {{ customers_by_channel() }}
),

orders as (
    select *
    from {{ ref('fct_orders') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

spends as (
    select *
    from {{ ref('channel_spend') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

covered as (
    select distinct
        covered_from,
        covered_to
    from spends
),

currency as (
    select
        max(currency) as currency,
        max(profit_basis) as profit_basis
    from customers
),

-- Empty without ad spend.
acquired as (
    select customers.*
    from customers
    inner join covered on customers.acquired_on between covered.covered_from and covered.covered_to
),

values_of_channels as (
    select
        channel,
        count(*) as customers,
        sum(historic_revenue) as revenue,
        sum(historic_profit) as profit,
        sum(predicted_clv) as predicted_clv
    from acquired
    group by channel
),

ratios as (
    select
        coalesce(values_of_channels.channel, spends.channel) as channel,
        coalesce(values_of_channels.customers, 0) as customers,
        coalesce(values_of_channels.revenue, 0) as revenue,
        coalesce(values_of_channels.profit, 0) as profit,
        values_of_channels.predicted_clv,
        spends.spend,
        spends.spend / values_of_channels.customers as cac,
        (values_of_channels.profit + values_of_channels.predicted_clv) / values_of_channels.customers as ltv
    from values_of_channels
    full outer join spends on values_of_channels.channel = spends.channel
),

-- For each customer, the whole months from the month of the first order to the as-of date.
months as (
    select
        acquired.channel,
        acquired.customer_key,
        numbered.month_number
    from acquired
    cross join
        lateral generate_series(
            0, {{ months_between('acquired.cohort_month', "date '" ~ given("as_of_date") ~ "'") }} - 1
        ) as numbered (month_number)
),

-- Rows dated before a customer's first order count in the month of that order.
profits as (
    select
        acquired.customer_key,
        greatest({{ months_between('acquired.cohort_month', 'orders.ordered_on') }}, 0) as month_number,
        sum(orders.profit) as profit
    from orders
    inner join acquired on orders.customer_key = acquired.customer_key
    group by
        acquired.customer_key,
        greatest({{ months_between('acquired.cohort_month', 'orders.ordered_on') }}, 0)
),

means as (
    select
        months.channel,
        months.month_number,
        sum(coalesce(profits.profit, 0)) / count(*) as profit
    from months
    left join profits
        on months.customer_key = profits.customer_key and months.month_number = profits.month_number
    group by months.channel, months.month_number
),

so_far as (
    select
        channel,
        month_number,
        sum(profit) over (partition by channel order by month_number) as profit
    from means
),

paybacks as (
    select
        so_far.channel,
        min(so_far.month_number) as payback_month
    from so_far
    inner join ratios on so_far.channel = ratios.channel and so_far.profit >= ratios.cac
    group by so_far.channel
),

final as (
    select
        date '{{ given("as_of_date") }}' as as_of_date,
        '{{ given("run_id") }}'::text as run_id,
        ratios.channel,
        currency.currency,
        covered.covered_from,
        covered.covered_to,
        ratios.customers::integer as customers,
        {{ money('ratios.spend') }} as spend,
        {{ money('ratios.cac') }} as cac,
        {{ money('ratios.ltv') }} as ltv,
        round(ratios.ltv / nullif(ratios.cac, 0), 2) as ltv_to_cac,
        paybacks.payback_month,
        ratios.revenue,
        ratios.profit,
        ratios.predicted_clv,
        currency.profit_basis
    from ratios
    cross join currency
    cross join covered
    left join paybacks on ratios.channel = paybacks.channel
)

select * from final
