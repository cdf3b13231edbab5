{% set amounts = ['predicted_revenue', 'predicted_profit', 'predicted_clv'] -%}

with

forecasts as (
    select *
    from {{ forecast_values() }} as forecast_values
    where status = 'scored' and horizon_days in ({{ var('horizons') | join(', ') }})
),

customers as (
    select *
    from {{ ref('customer_clv') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

new_customers as (
    select *
    from {{ source('predictions', 'new_customers') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

-- With the revenue of the same customers on the same days of the year before.
orders as (
    select *
    from {{ ref('customer_orders') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

history as (select min(first_on) as first_day from orders),

sums as (
    select
        forecasts.horizon_days,
        case
            when grouping(customers.segment) = 0 then 'segment'
            when grouping(customers.value_tier) = 0 then 'value_tier'
            else 'all'
        end as grouped_by,
        case
            when grouping(customers.segment) = 0 then customers.segment
            when grouping(customers.value_tier) = 0 then customers.value_tier
            else 'all'
        end as group_name,
        customers.currency,
        count(*)::integer as customers,
        sum({{ money('forecasts.predicted_revenue') }}) as predicted_revenue,
        sum({{ money('forecasts.predicted_profit') }}) as predicted_profit,
        sum({{ money('forecasts.predicted_clv') }}) as predicted_clv,
        coalesce(sum(
            case forecasts.horizon_days
                {%- for days in var('horizons') %}
                when {{ days }} then orders.revenue_of_horizons[{{ loop.index }}]
                {%- endfor %}
            end
        ), 0) as last_year_revenue,
        ln(1 + sum(forecasts.own_spread ^ 2) / nullif(sum(forecasts.predicted_revenue) ^ 2, 0)) as own,
        max(forecasts.total_spread) ^ 2
        + case
            when grouping(customers.segment, customers.value_tier) = 3 then 0 else max(forecasts.group_spread) ^ 2
        end as shared
    from forecasts
    inner join customers on forecasts.customer_key = customers.customer_key
    left join orders on forecasts.customer_key = orders.customer_key
    group by
        grouping sets (
            (forecasts.horizon_days, customers.currency),
            (forecasts.horizon_days, customers.currency, customers.segment),
            (forecasts.horizon_days, customers.currency, customers.value_tier)
        )
),

-- The distances from the sum to the ends of its interval, relative to the absolute sum, since a shop may sell at a
-- loss.
distances as (
    select
        {% for amount in amounts %}
        {{ sum_distance('abs(' ~ amount ~ ')', '-', 'own', 'shared') }} as {{ amount }}_below,
        {{ sum_distance('abs(' ~ amount ~ ')', '+', 'own', 'shared') }} as {{ amount }}_above,
        {% endfor %}
        *
    from sums
    where group_name is not null
),

-- The ends of a longer horizon are at least as far from the sum as those of a shorter one.
widened as (
    select
        {% for amount in amounts %}
        abs({{ amount }}) - max({{ amount }}_below) over shorter as {{ amount }}_least,
        abs({{ amount }}) + max({{ amount }}_above) over shorter as {{ amount }}_most,
        {% endfor %}
        *
    from distances
    window shorter as (partition by grouped_by, group_name order by horizon_days)
),

-- The lower end of a longer horizon is at least that of a shorter one: a year brings at least what its first half
-- brings.
risen as (
    select
        {% for amount in amounts %}
        max({{ amount }}_least) over shorter as {{ amount }}_risen,
        {% endfor %}
        *
    from widened
    window shorter as (partition by grouped_by, group_name order by horizon_days)
),

ends as (
    select
        {% for amount in amounts %}
        {{ signed(amount, amount ~ '_risen', amount ~ '_most') }} as {{ amount }}_low,
        {{ signed(amount, amount ~ '_most', amount ~ '_risen') }} as {{ amount }}_high,
        {% endfor %}
        *
    from risen
),

final as (
    select
        date '{{ given("as_of_date") }}' as as_of_date,
        '{{ given("run_id") }}'::text as run_id,
        ends.horizon_days,
        ends.grouped_by,
        ends.group_name,
        ends.currency,
        ends.customers,
        ends.predicted_revenue,
        ends.predicted_revenue_low,
        ends.predicted_revenue_high,
        ends.predicted_profit,
        ends.predicted_profit_low,
        ends.predicted_profit_high,
        ends.predicted_clv,
        ends.predicted_clv_low,
        ends.predicted_clv_high,
        -- For a longer horizon, some of the days a year earlier are not over at the as-of date.
        case
            when history.first_day <= date '{{ given("as_of_date") }}' - 365 and ends.horizon_days <= 365
                then ends.last_year_revenue
        end as last_year_revenue,
        round(new_customers.customers)::integer as new_customers,
        round(new_customers.customers_low)::integer as new_customers_low,
        round(new_customers.customers_high)::integer as new_customers_high,
        {{ money('new_customers.revenue') }} as new_customers_revenue,
        {{ money('new_customers.revenue_low') }} as new_customers_revenue_low,
        {{ money('new_customers.revenue_high') }} as new_customers_revenue_high
    from ends
    left join new_customers on ends.horizon_days = new_customers.horizon_days and ends.grouped_by = 'all'
    cross join history
)

select * from final
