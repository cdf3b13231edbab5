{% set amounts = ['predicted_revenue', 'predicted_profit', 'predicted_clv'] -%}

with

forecasts as (
    select *
    from {{ ref('forecast_values') }}
    where status = 'scored' and horizon_days in ({{ var('horizons') | join(', ') }})
),

customers as (
    select *
    from {{ ref('customer_clv') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

orders as (
    select *
    from {{ ref('fct_orders') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

new_customers as (
    select *
    from {{ source('predictions', 'new_customers') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

horizons as (select distinct horizon_days from forecasts),

history as (select min(ordered_on) as first_day from orders),

-- The revenue of the same customers on the same days of the year before.
last_years as (
    select
        orders.customer_key,
        horizons.horizon_days,
        sum(orders.net_revenue) as revenue
    from orders
    inner join horizons
        on
            orders.ordered_on >= date '{{ given("as_of_date") }}' - 365
            and orders.ordered_on < date '{{ given("as_of_date") }}' - 365 + horizons.horizon_days
    group by orders.customer_key, horizons.horizon_days
),

grouped as (
    select
        customers.customer_key,
        customers.currency,
        groups.grouped_by,
        groups.group_name
    from customers
    cross join lateral (
        values ('all', 'all'), ('segment', customers.segment), ('value_tier', customers.value_tier)
    ) as groups (grouped_by, group_name)
),

sums as (
    select
        forecasts.horizon_days,
        grouped.grouped_by,
        grouped.group_name,
        grouped.currency,
        count(*)::integer as customers,
        sum({{ money('forecasts.predicted_revenue') }}) as predicted_revenue,
        sum({{ money('forecasts.predicted_profit') }}) as predicted_profit,
        sum({{ money('forecasts.predicted_clv') }}) as predicted_clv,
        coalesce(sum(last_years.revenue), 0) as last_year_revenue,
        ln(1 + sum(forecasts.own_spread ^ 2) / nullif(sum(forecasts.predicted_revenue) ^ 2, 0)) as own,
        max(forecasts.total_spread) ^ 2
        + case when grouped.grouped_by = 'all' then 0 else max(forecasts.group_spread) ^ 2 end as shared
    from forecasts
    inner join grouped on forecasts.customer_key = grouped.customer_key
    left join last_years
        on forecasts.customer_key = last_years.customer_key and forecasts.horizon_days = last_years.horizon_days
    group by forecasts.horizon_days, grouped.grouped_by, grouped.group_name, grouped.currency
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
