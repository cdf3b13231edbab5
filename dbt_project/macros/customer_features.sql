{#
  The features of every customer at each of several dates; training and scoring share this definition. Only days
  before the date are read.
  dates: a list of ISO dates. customers: the name of a relation of pairs (as_of_date, customer_key), if only these
  customers are wanted; their features are the same as among all customers. few: whether the query selects few of the
  columns. Then only these are computed, but the days are read once more for the usual gap.
  Sums are exact (numeric) and are converted to double precision last, so that equal rows give equal bits in any
  order.
#}
{% macro customer_features(dates, customers=none, few=false) %}
{%- set windows = var('feature_windows') %}
{%- set prior_windows = var('prior_year_windows') %}
{%- set season_windows = var('season_windows') %}
with

days as {{ 'not materialized ' if not customers }}(select * from {{ ref('int_customer_days') }}),

dates as (
    select as_of_date
    from (values {% for day in dates %}(date '{{ day }}'){{ ', ' if not loop.last }}{% endfor %}) as listed (as_of_date)
),

-- age: days from a customer's day to the date. The day before the date has age 1; the first day of a window of h days
-- has age h.
history as (
    select
        dates.as_of_date,
        days.*,
        dates.as_of_date - days.day as age
    from dates
    {%- if customers %}
    inner join {{ customers }} as wanted on dates.as_of_date = wanted.as_of_date
    inner join days on wanted.customer_key = days.customer_key and dates.as_of_date > days.day
    {%- else %}
    inner join days on dates.as_of_date > days.day
    {%- endif %}
),

totals as {{ 'not materialized ' if few }}(
    select
        as_of_date,
        customer_key,
        sum(orders) as orders_count,
        count(*) filter (where is_purchase_day) as days_with_orders,
        min(day) filter (where is_purchase_day) as first_purchase_on,
        max(day) filter (where is_purchase_day) as last_purchase_on,
        min(day) filter (where orders > 0) as first_order_on,
        max(day) filter (where orders > 0) as last_order_on,
        max(age) as tenure_days,
        sum(net_revenue) as revenue_total,
        sum(gross_revenue) as gross_total,
        sum(refunds) as refunds_total,
        sum(discount) as discount_total,
        sum(known_profit) as historic_profit,
        sum(revenue_without_cost) as revenue_without_cost,
        avg(net_revenue) filter (where is_purchase_day) as order_value_mean,
        stddev_samp(net_revenue) filter (where is_purchase_day) as order_value_std,
        max(net_revenue) filter (where is_purchase_day) as order_value_max,
        avg(days_since_purchase) as gap_mean,
        stddev_samp(days_since_purchase) as gap_std,
        sum(new_products) as distinct_products,
        sum(new_categories) as distinct_categories,
        sum(items) as items_total
        {%- for days in windows %},
        coalesce(sum(orders) filter (where age <= {{ days }}), 0) as orders_{{ days }},
        coalesce(sum(net_revenue) filter (where age <= {{ days }}), 0) as revenue_{{ days }}
        {%- endfor %}
        {%- for days in prior_windows %},
        coalesce(sum(orders) filter (where age <= 365 and age > 365 - {{ days }}), 0) as orders_prior_year_{{ days }},
        coalesce(sum(net_revenue) filter (where age <= 365 and age > 365 - {{ days }}), 0)
            as revenue_prior_year_{{ days }}
        {%- endfor %}
        {%- for days in season_windows %},
        count(*) filter (where is_purchase_day and (365 - age % 365) % 365 < {{ days }}) as days_season_{{ days }},
        count(*) filter (where is_purchase_day and (395 - age % 365) % 365 < {{ days + 60 }})
            as days_near_season_{{ days }}
        {%- endfor %}
    from history
    group by as_of_date, customer_key
),

-- The shop's usual gap, in days between purchases, for customers without gaps of their own: the median over all
-- customers of the average gap.
{%- if customers %}

purchases as (
    select
        customer_key,
        day,
        lead(day) over (partition by customer_key order by day) as next_day,
        day - min(day) over (partition by customer_key) as days_since_first,
        row_number() over (partition by customer_key order by day) - 1 as gaps
    from days
    where is_purchase_day
),

-- A customer's average gap stays the same from one purchase day to the next.
usual_gaps as (
    select
        dates.as_of_date,
        coalesce(
            percentile_cont(0.5) within group (
                order by (purchases.days_since_first::numeric / nullif(purchases.gaps, 0))::double precision
            ),
            90
        ) as days
    from dates
    left join purchases
        on
            dates.as_of_date > purchases.day
            and dates.as_of_date <= coalesce(purchases.next_day, dates.as_of_date)
    group by dates.as_of_date
),
{%- else %}

usual_gaps as (
    select
        as_of_date,
        coalesce(percentile_cont(0.5) within group (order by gap_mean::double precision), 90) as days
    from totals
    group by as_of_date
),
{%- endif %}

with_last_purchase as (
    select
        totals.*,
        days.net_revenue as last_order_value,
        days.days_since_purchase as gap_last,
        usual_gaps.days as usual_gap
    from totals
    inner join usual_gaps on totals.as_of_date = usual_gaps.as_of_date
    left join days
        on totals.customer_key = days.customer_key and totals.last_purchase_on = days.day
)

select
    as_of_date,
    customer_key,
    orders_count::integer as orders_count,
    days_with_orders::integer as days_with_orders,
    (last_purchase_on - first_purchase_on)::double precision as recency,
    (as_of_date - first_purchase_on)::double precision as t,
    first_order_on,
    last_order_on,
    (as_of_date - last_order_on)::double precision as days_since_last_order,
    revenue_total::double precision as revenue_total,
    historic_profit::double precision as historic_profit,
    revenue_without_cost::double precision as revenue_without_cost
    {%- for days in windows %},
    orders_{{ days }}::double precision as orders_{{ days }}
    {%- endfor %}
    {%- for days in windows %},
    revenue_{{ days }}::double precision as revenue_{{ days }}
    {%- endfor %}
    {%- for days in prior_windows %},
    orders_prior_year_{{ days }}::double precision as orders_prior_year_{{ days }}
    {%- endfor %}
    {%- for days in prior_windows %},
    revenue_prior_year_{{ days }}::double precision as revenue_prior_year_{{ days }}
    {%- endfor %}
    {%- for days in season_windows %},
    days_season_{{ days }}::double precision as days_season_{{ days }},
    days_near_season_{{ days }}::double precision as days_near_season_{{ days }}
    {%- endfor %},
    (revenue_total / nullif(orders_count, 0))::double precision as average_order_value,
    order_value_mean::double precision as order_value_mean,
    order_value_std::double precision as order_value_std,
    order_value_max::double precision as order_value_max,
    last_order_value::double precision as last_order_value,
    gap_mean::double precision as gap_mean,
    gap_std::double precision as gap_std,
    gap_last::double precision as gap_last,
    -- Average one usual gap of the shop with the customer's own gaps, so that two purchases close together do not count
    -- as a rhythm.
    case
        when orders_count > 0 then
            (coalesce(gap_mean::double precision * (days_with_orders - 1), 0) + usual_gap)
            / greatest(days_with_orders, 1)
    end as expected_gap_days,
    case when revenue_365 > 0 then revenue_90 / (revenue_365 * 90 / 365) end::double precision as trend,
    distinct_products::double precision as distinct_products,
    distinct_categories::double precision as distinct_categories,
    items_total::double precision as items_total,
    (-refunds_total / nullif(gross_total, 0))::double precision as refund_share,
    (discount_total / nullif(gross_total + discount_total, 0))::double precision as discount_share,
    tenure_days::double precision as tenure_days
from with_last_purchase
{% endmacro %}
