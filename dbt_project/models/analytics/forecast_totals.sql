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

horizons as (select distinct horizon_days from forecasts),

history as (select min(ordered_on) as first_day from orders),

-- What the same customers brought in the same days a year before
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

-- As many days back as a horizon ahead, at most half of all: where data begin, every customer looks new
recent as (
    select
        horizons.horizon_days,
        least(horizons.horizon_days, (date '{{ given("as_of_date") }}' - history.first_day) / 2) as days
    from horizons
    cross join history
),

newcomers as (
    select
        recent.horizon_days,
        recent.days,
        count(distinct orders.customer_key) as customers,
        coalesce(sum(orders.net_revenue), 0) as revenue
    from recent
    left join customers on customers.first_order_on >= date '{{ given("as_of_date") }}' - recent.days
    left join orders on customers.customer_key = orders.customer_key
    group by recent.horizon_days, recent.days
),

final as (
    select
        date '{{ given("as_of_date") }}' as as_of_date,
        '{{ given("run_id") }}'::text as run_id,
        sums.horizon_days,
        sums.grouped_by,
        sums.group_name,
        sums.currency,
        sums.customers,
        sums.predicted_revenue,
        {{ sum_bound('sums.predicted_revenue', '-', 'sums.own', 'sums.shared') }} as predicted_revenue_low,
        {{ sum_bound('sums.predicted_revenue', '+', 'sums.own', 'sums.shared') }} as predicted_revenue_high,
        sums.predicted_profit,
        {{ sum_bound('sums.predicted_profit', '-', 'sums.own', 'sums.shared') }} as predicted_profit_low,
        {{ sum_bound('sums.predicted_profit', '+', 'sums.own', 'sums.shared') }} as predicted_profit_high,
        sums.predicted_clv,
        {{ sum_bound('sums.predicted_clv', '-', 'sums.own', 'sums.shared') }} as predicted_clv_low,
        {{ sum_bound('sums.predicted_clv', '+', 'sums.own', 'sums.shared') }} as predicted_clv_high,
        -- The days a year before a longer horizon are not over at the date
        case
            when history.first_day <= date '{{ given("as_of_date") }}' - 365 and sums.horizon_days <= 365
                then sums.last_year_revenue
        end as last_year_revenue,
        case
            when sums.grouped_by = 'all'
                then round(newcomers.customers::numeric * newcomers.horizon_days / nullif(newcomers.days, 0))::integer
        end as new_customers,
        case
            when sums.grouped_by = 'all'
                then {{ money('newcomers.revenue * newcomers.horizon_days / nullif(newcomers.days, 0)') }}
        end as new_customers_revenue
    from sums
    inner join newcomers on sums.horizon_days = newcomers.horizon_days
    cross join history
    where sums.group_name is not null
)

select * from final
