with

customers as (
    select *
    from {{ ref('customer_clv') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}' and status = 'scored'
),

horizons as (
    select *
    from {{ ref('customer_clv_horizons') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}' and status = 'scored'
),

orders as (
    select *
    from {{ ref('fct_orders') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

-- What is forecast by the end of each horizon, and at the date nothing: pieces lie between two of them
totals as (
    select
        horizon_days as to_day,
        sum(expected_orders) as expected_orders,
        sum(predicted_revenue) as predicted_revenue,
        sum(predicted_profit) as predicted_profit
    from horizons
    group by horizon_days
    union all
    select
        0 as to_day,
        0 as expected_orders,
        0 as predicted_revenue,
        0 as predicted_profit
),

pieces as (
    select
        lag(to_day) over by_day as from_day,
        to_day,
        expected_orders - lag(expected_orders) over by_day as expected_orders,
        predicted_revenue - lag(predicted_revenue) over by_day as predicted_revenue,
        predicted_profit - lag(predicted_profit) over by_day as predicted_profit
    from totals
    window by_day as (order by to_day)
),

-- The season: orders a day in each month of the year before the date, where the shop is as old as that
year_before as (
    select listed.day::date as day
    from
        generate_series(
            date '{{ given("as_of_date") }}' - 365, date '{{ given("as_of_date") }}' - 1, interval '1 day'
        ) as listed (day)
    where exists (select 1 from orders where ordered_on <= date '{{ given("as_of_date") }}' - 365)
),

orders_of_days as (
    select
        ordered_on as day,
        count(*) as orders
    from orders
    where kind = 'order'
    group by ordered_on
),

season as (
    select
        extract(month from year_before.day) as month_of_year,
        sum(coalesce(orders_of_days.orders, 0)) / count(*) as orders_a_day
    from year_before
    left join orders_of_days on year_before.day = orders_of_days.day
    group by extract(month from year_before.day)
),

days as (
    select
        numbered.day_number,
        date '{{ given("as_of_date") }}' + numbered.day_number as day,
        coalesce(season.orders_a_day, 1) as weight
    from generate_series(0, {{ var('main_horizon') }} - 1) as numbered (day_number)
    left join season
        on season.month_of_year = extract(month from date '{{ given("as_of_date") }}' + numbered.day_number)
),

-- A piece none of whose months had an order is spread evenly
shares as (
    select
        days.day,
        pieces.expected_orders,
        pieces.predicted_revenue,
        pieces.predicted_profit,
        coalesce(
            days.weight / nullif(sum(days.weight) over (partition by pieces.to_day), 0),
            1.0 / (pieces.to_day - pieces.from_day)
        ) as share
    from days
    inner join pieces on days.day_number >= pieces.from_day and days.day_number < pieces.to_day
),

months as (
    select
        date_trunc('month', day)::date as month,
        min(day) as from_on,
        count(*) as days,
        sum(expected_orders * share) as expected_orders,
        sum(predicted_revenue * share) as predicted_revenue,
        sum(predicted_profit * share) as predicted_profit
    from shares
    group by date_trunc('month', day)
),

so_far as (
    select
        month,
        round(sum(expected_orders) over (order by month), 4) as expected_orders,
        {{ money('sum(predicted_revenue) over (order by month)') }} as predicted_revenue,
        {{ money('sum(predicted_profit) over (order by month)') }} as predicted_profit
    from months
),

-- The same customers 365 days before, so that the year before is as long as the year to come
actuals as (
    select
        date_trunc('month', orders.ordered_on + 365)::date as month,
        sum(orders.net_revenue) as revenue
    from orders
    inner join customers on orders.customer_key = customers.customer_key
    where
        orders.ordered_on + 365 >= date '{{ given("as_of_date") }}'
        and orders.ordered_on + 365 < date '{{ given("as_of_date") }}' + {{ var('main_horizon') }}
    group by date_trunc('month', orders.ordered_on + 365)
),

scored as (
    select
        count(*) as customers,
        max(currency) as currency
    from customers
),

final as (
    select
        date '{{ given("as_of_date") }}' as as_of_date,
        '{{ given("run_id") }}'::text as run_id,
        months.month,
        scored.currency,
        months.from_on,
        months.days::integer as days,
        scored.customers::integer as customers,
        -- Differences of rounded sums, so that the months add up to the horizon as it is published
        so_far.expected_orders - lag(so_far.expected_orders, 1, 0.0) over by_month as expected_orders,
        so_far.predicted_revenue - lag(so_far.predicted_revenue, 1, 0.0) over by_month as predicted_revenue,
        so_far.predicted_profit - lag(so_far.predicted_profit, 1, 0.0) over by_month as predicted_profit,
        case
            when
                exists (select 1 from year_before)
                and months.from_on + months.days::integer - 365 <= date '{{ given("as_of_date") }}'
                then coalesce(actuals.revenue, 0)
        end as revenue_year_before
    from months
    inner join so_far on months.month = so_far.month
    left join actuals on months.month = actuals.month
    cross join scored
    window by_month as (order by months.month)
)

select * from final
