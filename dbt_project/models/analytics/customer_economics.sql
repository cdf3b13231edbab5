{%- set years = var('lifetime_horizon') // 365 -%}
with

customers as (
    {{ customers_by_channel() }}
),

-- The orders of each customer in the last year, and whether the customer ordered in the year before.
years as (
    select *
    from {{ ref('customer_orders') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

described as (
    select
        customers.customer_key,
        customers.segment,
        customers.value_tier,
        customers.predicted_clv,
        customers.lifetime_clv,
        customers.channel,
        extract(year from customers.acquired_on)::integer::text as acquisition_year,
        years.orders_of_year as orders_count,
        years.revenue_of_year as revenue,
        years.profit_of_year as profit,
        years.orders_of_year > 0 as is_active,
        years.orders_of_year_before > 0 as was_active
    from customers
    inner join years on customers.customer_key = years.customer_key
    where customers.orders_count > 0
),

-- Retention is not computed by segment or tier. Both depend on recent orders, so their retention would repeat their
-- definition.
listed as (
    select
        described.*,
        groups.grouped_by,
        groups.name,
        groups.grouped_by not in ('segment', 'value_tier') as is_given_before
    from described
    cross join
        lateral (
            values
            ('all', 'all'),
            ('channel', described.channel),
            ('acquisition_year', described.acquisition_year),
            ('segment', described.segment),
            ('value_tier', coalesce(described.value_tier, 'no forecast'))
        ) as groups (grouped_by, name)
),

sums as (
    select
        grouped_by,
        name,
        is_given_before,
        count(*) as customers,
        count(*) filter (where is_active) as active_customers,
        sum(orders_count) as orders_count,
        sum(revenue) filter (where is_active) as revenue,
        sum(profit) filter (where is_active) as profit,
        count(*) filter (where was_active) as customers_before,
        count(*) filter (where was_active and is_active) as retained_customers,
        avg(predicted_clv) filter (where is_active) as predicted_clv,
        avg(lifetime_clv) filter (where is_active) as lifetime_clv
    from listed
    group by grouped_by, name, is_given_before
),

rates as (
    select
        *,
        revenue / nullif(orders_count, 0) as average_order_value,
        profit / nullif(orders_count, 0) as profit_per_order,
        orders_count::numeric / nullif(active_customers, 0) as purchase_frequency,
        case when is_given_before then retained_customers::numeric / nullif(customers_before, 0) end as retention
    from sums
),

currency as (select max(currency) as currency from customers),

final as (
    select
        date '{{ given("as_of_date") }}' as as_of_date,
        '{{ given("run_id") }}'::text as run_id,
        rates.grouped_by,
        rates.name,
        currency.currency,
        rates.customers::integer as customers,
        rates.active_customers::integer as active_customers,
        rates.orders_count::integer as orders_count,
        {{ money('rates.average_order_value') }} as average_order_value,
        {{ money('rates.profit_per_order') }} as profit_per_order,
        round(rates.purchase_frequency, 4) as purchase_frequency,
        rates.customers_before::integer as customers_before,
        round(rates.retention, 4) as retention,
        round(1 / nullif(1 - rates.retention, 0), 2) as expected_lifetime_years,
        {{ money(repurchase_value(
            'rates.profit_per_order * rates.purchase_frequency', 'rates.retention', var('discount_rate'), years
        )) }} as repurchase_clv,
        {{ money('rates.predicted_clv') }} as predicted_clv,
        {{ money('rates.lifetime_clv') }} as lifetime_clv
    from rates
    cross join currency
)

select * from final
