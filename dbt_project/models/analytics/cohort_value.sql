with

customers as not materialized (
    select *
    from {{ ref('customer_clv') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

known_orders as (
    select *
    from {{ ref('cohort_orders') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

sums as (
    select *
    from {{ ref('customer_orders') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

forecasts as {{ forecast_values() }},

decisions as (select * from {{ source('ops', 'model_decisions') }}),

-- A customer who never ordered (refunds only) belongs to the month of the first refund.
cohorts as (
    select
        customer_key,
        {{ month_of('coalesce(first_order_on, first_on)') }} as cohort_month
    from sums
),

sizes as (
    select
        cohort_month,
        count(*)::integer as customers
    from cohorts
    group by cohort_month
),

-- Rows dated before a customer's first order count in the cohort's first month.
known as (
    select
        cohort_month,
        greatest({{ months_between('cohort_month', 'month') }}, 0) as month_number,
        sum(active_customers) as active_customers,
        sum(orders_count) as orders_count,
        sum(revenue) as revenue,
        sum(profit) as profit
    from known_orders
    group by cohort_month, greatest({{ months_between('cohort_month', 'month') }}, 0)
),

months as (
    select
        sizes.cohort_month,
        sizes.customers,
        numbered.month_number,
        (sizes.cohort_month + numbered.month_number * interval '1 month')::date as month_from,
        (sizes.cohort_month + (numbered.month_number + 1) * interval '1 month')::date as month_to
    from sizes
    cross join
        lateral generate_series(
            0,
            greatest(
                {{ months_between('sizes.cohort_month', "date '" ~ given("as_of_date") ~ "' - 1") }},
                {{ var('cohort_months') }}
            )
        ) as numbered (month_number)
),

-- The expected cumulative revenue of each cohort from the as-of date to each horizon. Months are interpolated between
-- these points.
knots as (
    select
        cohorts.cohort_month,
        forecasts.horizon_days as to_day,
        sum(forecasts.predicted_revenue::numeric) as revenue,
        sum(forecasts.predicted_profit::numeric) as profit
    from forecasts
    inner join cohorts on forecasts.customer_key = cohorts.customer_key
    where forecasts.status = 'scored'
    group by cohorts.cohort_month, forecasts.horizon_days
    union all
    select
        cohort_month,
        0 as to_day,
        0 as revenue,
        0 as profit
    from sizes
),

pieces as (
    select
        knots.*,
        lead(knots.to_day) over by_day as next_day,
        lead(knots.revenue) over by_day as next_revenue,
        lead(knots.profit) over by_day as next_profit
    from knots
    window by_day as (partition by knots.cohort_month order by knots.to_day)
),

-- The start and end of each future month, in days from the as-of date.
month_ends as (
    select
        months.cohort_month,
        months.month_number,
        both_ends.which,
        greatest(both_ends.day - date '{{ given("as_of_date") }}', 0) as day
    from months
    cross join
        lateral (
            values ('from', months.month_from), ('to', months.month_to)
        ) as both_ends (which, day)
    where months.month_to > date '{{ given("as_of_date") }}' and months.month_number <= {{ var('cohort_months') }}
),

-- Between two horizons the interpolation is linear. Beyond the main horizon it is linear in the logarithm of days, so
-- growth slows with time.
to_come as (
    select
        month_ends.cohort_month,
        month_ends.month_number,
        month_ends.which,
        pieces.revenue,
        pieces.next_revenue - pieces.revenue as revenue_between,
        pieces.profit,
        pieces.next_profit - pieces.profit as profit_between,
        case
            when pieces.to_day >= {{ var('main_horizon') }}
                then ln(month_ends.day::numeric / pieces.to_day) / ln(pieces.next_day::numeric / pieces.to_day)
            else (month_ends.day - pieces.to_day)::numeric / (pieces.next_day - pieces.to_day)
        end as share
    from month_ends
    inner join pieces
        on
            month_ends.cohort_month = pieces.cohort_month
            and month_ends.day >= pieces.to_day and month_ends.day < pieces.next_day
),

coming as (
    select
        cohort_month,
        month_number,
        sum((revenue + revenue_between * share) * case which when 'to' then 1 else -1 end) as revenue,
        sum((profit + profit_between * share) * case which when 'to' then 1 else -1 end) as profit
    from to_come
    group by cohort_month, month_number
),

models as (
    select distinct model_version
    from customers
    where status = 'scored'
),

-- The mean error of the model's totals at past dates, averaged over the horizons.
missed as (
    select
        1.6 * avg(decisions.bias::numeric) as above,
        case when avg(decisions.bias) * 1.6 > 1 then 1 else 1.6 * avg(decisions.bias::numeric) end as below
    from decisions
    inner join models on decisions.model_version = models.model_version
    where decisions.published
),

currency as (select max(currency) as currency from customers),

joined as (
    select
        months.cohort_month,
        months.month_number,
        months.month_from,
        months.customers,
        case when months.month_from < date '{{ given("as_of_date") }}' then coalesce(known.active_customers, 0) end
            as active_customers,
        case when months.month_from < date '{{ given("as_of_date") }}' then coalesce(known.orders_count, 0) end
            as orders_count,
        case when months.month_from < date '{{ given("as_of_date") }}' then coalesce(known.revenue, 0) end as revenue,
        case when months.month_from < date '{{ given("as_of_date") }}' then coalesce(known.profit, 0) end as profit,
        coming.revenue as predicted_revenue,
        coming.profit as predicted_profit,
        sum(known.revenue) over so_far as known_revenue,
        sum(known.profit) over so_far as known_profit,
        sum(coming.revenue) over so_far as coming_revenue,
        sum(coming.profit) over so_far as coming_profit
    from months
    left join known on months.cohort_month = known.cohort_month and months.month_number = known.month_number
    left join coming on months.cohort_month = coming.cohort_month and months.month_number = coming.month_number
    where coming.cohort_month is not null or months.month_from < date '{{ given("as_of_date") }}'
    window so_far as (partition by months.cohort_month order by months.month_number)
),

final as (
    select
        date '{{ given("as_of_date") }}' as as_of_date,
        '{{ given("run_id") }}'::text as run_id,
        joined.cohort_month,
        joined.month_number::integer as month_number,
        joined.month_from as month,
        currency.currency,
        joined.customers,
        joined.active_customers::integer as active_customers,
        round(joined.active_customers::numeric / joined.customers, 4) as retention,
        joined.orders_count::integer as orders_count,
        joined.revenue,
        joined.profit,
        {{ money('joined.predicted_revenue') }} as predicted_revenue,
        {{ money('joined.predicted_profit') }} as predicted_profit,
        {{ money('coalesce(joined.known_revenue, 0) + coalesce(joined.coming_revenue, 0)') }} as cumulative_revenue,
        {{ money('coalesce(joined.known_profit, 0) + coalesce(joined.coming_profit, 0)') }} as cumulative_profit,
        {{ money('coalesce(joined.known_revenue, 0) + joined.coming_revenue * (1 - missed.below)') }}
            as cumulative_revenue_low,
        {{ money('coalesce(joined.known_revenue, 0) + joined.coming_revenue * (1 + missed.above)') }}
            as cumulative_revenue_high
    from joined
    cross join currency
    cross join missed
)

select * from final
