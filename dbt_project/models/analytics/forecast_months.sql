{% set amounts = ['expected_orders', 'predicted_revenue', 'predicted_profit'] -%}

{% set even_orders = 10 -%}

with

customers as not materialized (
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

sums as (
    select *
    from {{ ref('customer_orders') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

-- The season: orders per day in each month of the year before the as-of date. Only shops that are old enough have one.
year_before as (
    select listed.day::date as day
    from
        generate_series(
            date '{{ given("as_of_date") }}' - 365, date '{{ given("as_of_date") }}' - 1, interval '1 day'
        ) as listed (day)
    where exists (select 1 from sums where first_on <= date '{{ given("as_of_date") }}' - 365)
),

-- revenue: of the customers with a forecast.
orders_of_days as (
    select
        orders.ordered_on as day,
        count(*) filter (where orders.kind = 'order') as orders,
        sum(orders.net_revenue) filter (where customers.customer_key is not null) as revenue
    from orders
    left join customers on orders.customer_key = customers.customer_key
    where orders.ordered_on >= date '{{ given("as_of_date") }}' - 365
    group by orders.ordered_on
),

season as (
    select
        extract(month from year_before.day) as month_of_year,
        -- Add a few evenly spread orders, so that in a shop with few orders no month has all or none of them.
        (sum(coalesce(orders_of_days.orders, 0)) + {{ even_orders }} * count(*) / 365.0) / count(*) as orders_a_day
    from year_before
    left join orders_of_days on year_before.day = orders_of_days.day
    group by extract(month from year_before.day)
),

-- The future days in season time, a clock that runs faster when demand is higher.
days as (
    select
        numbered.day_number,
        date '{{ given("as_of_date") }}' + numbered.day_number - 1 as day,
        sum(coalesce(season.orders_a_day, 1)) over (order by numbered.day_number)::double precision as clock
    from generate_series(1, {{ var('main_horizon') }}) as numbered (day_number)
    left join season
        on season.month_of_year = extract(month from date '{{ given("as_of_date") }}' + numbered.day_number - 1)
),

-- The cumulative forecast at the end of each horizon, and 0 at the as-of date.
totals as (
    select
        {% for amount in amounts %}
        sum(horizons.{{ amount }})::double precision as {{ amount }},
        {% endfor %}
        horizons.horizon_days as to_day,
        days.clock
    from horizons
    inner join days on horizons.horizon_days = days.day_number
    group by horizons.horizon_days, days.clock
    union all
    select
        {% for amount in amounts %}
        0 as {{ amount }},
        {% endfor %}
        0 as to_day,
        0 as clock
),

rates as (
    select
        {% for amount in amounts %}
        {{ amount }},
        (lead({{ amount }}) over by_day - {{ amount }}) / (lead(clock) over by_day - clock)
            as {{ amount }}_rate,
        {% endfor %}
        to_day,
        clock,
        lead(clock) over by_day - clock as width
    from totals
    window by_day as (order by to_day)
),

-- The rate of growth of each total at the end of each horizon.
slopes as (
    select
        {% for amount in amounts %}
        {{ amount }},
        {{ amount }}_rate,
        {{ slope(amount ~ '_rate', 'width', 'by_day') }} as {{ amount }}_slope,
        {% endfor %}
        to_day,
        clock,
        width
    from rates
    window by_day as (order by to_day)
),

pieces as (
    select
        {% for amount in amounts %}
        lead({{ amount }}_slope) over by_day as {{ amount }}_slope_after,
        {% endfor %}
        *,
        lead(to_day) over by_day as until_day
    from slopes
    window by_day as (order by to_day)
),

months as (
    select
        date_trunc('month', day)::date as month,
        min(day) as from_on,
        count(*) as days,
        max(day_number) as to_day,
        max(clock) as clock
    from days
    group by date_trunc('month', day)
),

so_far as (
    select
        {% for amount in amounts %}
        round(
            ({{ cubic(amount, '(months.clock - pieces.clock) / pieces.width') }})::numeric,
            {{ 4 if amount == 'expected_orders' else 2 }}
        ) as {{ amount }},
        {% endfor %}
        months.month
    from months
    inner join pieces on months.to_day > pieces.to_day and months.to_day <= pieces.until_day
),

-- The same customers 365 days earlier, so that the year before is as long as the year to come.
actuals as (
    select
        {{ month_of('day + 365') }} as month,
        sum(revenue) as revenue
    from orders_of_days
    where day < date '{{ given("as_of_date") }}' - 365 + {{ var('main_horizon') }}
    group by {{ month_of('day + 365') }}
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
        -- Months are differences of rounded cumulative sums, so that they add up to the published horizon.
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
