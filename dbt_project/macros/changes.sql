{# The steps of forecast_bridge, in their order. Those between the forecasts are the causes of changes. #}
{% macro steps_of_changes() %}
    {{
        return(
            [
                'forecast before',
                'new customers',
                'orders',
                'refunds and corrections',
                'no longer counted',
                'time passed',
                'new model',
                'margin',
                'forecast',
            ]
        )
    }}
{% endmacro %}


{# Whether a cause is one of customers who did nothing. #}
{% macro did_nothing(cause) -%}
    {{ cause }} in ('time passed', 'new model')
{%- endmacro %}


{#
  CTEs that pair the newest published date with earlier ones (`compared`, one row per `since`): the published date
  before it, and the newest one at least 30 days before it. Then the customers of both dates side by side (`paired`, one
  row per `since` and customer), each with the cause of the change of predicted_clv. A customer has one cause, the first
  that applies. Dates whose rows upkeep has removed are not compared.
#}
{% macro changes_of_customers() %}
publications as (select * from {{ source('analytics', 'publications').render() }}),

customers as (select * from {{ ref('customer_clv').render() }}),

orders as (select * from {{ ref('fct_orders').render() }}),

margins as (select * from {{ ref('profit_margin').render() }}),

newest_of_dates as (
    select distinct on (as_of_date) *
    from publications
    order by as_of_date desc, publication_id desc
),

dates as (
    select
        as_of_date,
        run_id
    from newest_of_dates
    where removed_at is null
),

newest as (
    select *
    from dates
    order by as_of_date desc
    limit 1
),

ways as (
    select *
    from (values ('last published', 1), ('30 days', 30)) as given (since, days)
),

compared as (
    select
        ways.since,
        newest.as_of_date,
        newest.run_id,
        earlier.as_of_date as before_on,
        earlier.run_id as before_run_id,
        {{ change_of_margin('margins', 'earlier_margins') }} as margin_ratio
    from newest
    cross join ways
    cross join
        lateral (
            select *
            from dates
            where dates.as_of_date <= newest.as_of_date - ways.days
            order by dates.as_of_date desc
            limit 1
        ) as earlier
    left join margins on newest.as_of_date = margins.as_of_date and newest.run_id = margins.run_id
    left join margins as earlier_margins
        on earlier.as_of_date = earlier_margins.as_of_date and earlier.run_id = earlier_margins.run_id
),

orders_now as (
    select *
    from orders
    where
        as_of_date = (select newest.as_of_date from newest)
        and run_id = (select newest.run_id from newest)
        and ordered_on >= (select min(compared.before_on) from compared)
),

ordered as (
    select
        compared.since,
        orders_now.customer_key,
        count(*) filter (where orders_now.kind = 'order')::integer as orders_since,
        sum(orders_now.net_revenue) filter (where orders_now.kind <> 'refund_only') as revenue_since,
        array_agg(orders_now.order_key order by orders_now.ordered_at, orders_now.order_key)
        filter (where orders_now.kind = 'order') as order_keys
    from compared
    inner join orders_now on compared.before_on <= orders_now.ordered_on
    group by compared.since, orders_now.customer_key
),

after as (
    select
        compared.since,
        customers.*
    from compared
    inner join customers
        on compared.as_of_date = customers.as_of_date and compared.run_id = customers.run_id
),

before as (
    select
        compared.since,
        customers.*
    from compared
    inner join customers
        on compared.before_on = customers.as_of_date and compared.before_run_id = customers.run_id
),

matched as (
    select
        coalesce(after.since, before.since) as since,
        coalesce(after.customer_key, before.customer_key) as customer_key,
        before.customer_key is not null as was_there,
        after.customer_key is not null as is_there,
        coalesce(after.currency, before.currency) as currency,
        before.predicted_clv as predicted_clv_before,
        after.predicted_clv,
        coalesce(after.predicted_clv, 0) - coalesce(before.predicted_clv, 0) as change,
        before.value_tier as value_tier_before,
        after.value_tier,
        before.churn_risk as churn_risk_before,
        after.churn_risk,
        before.churn_band as churn_band_before,
        after.churn_band,
        before.segment as segment_before,
        after.segment,
        before.historic_revenue as historic_revenue_before,
        after.historic_revenue,
        after.first_order_on,
        before.model_version as model_version_before,
        after.model_version,
        before.reasons as reasons_before,
        after.reasons
    from after
    full join before on after.since = before.since and after.customer_key = before.customer_key
),

counted as (
    select
        compared.as_of_date,
        compared.run_id,
        compared.before_on,
        compared.before_run_id,
        matched.*,
        case
            when matched.was_there and matched.is_there
                then round(coalesce(matched.predicted_clv_before, 0) * (compared.margin_ratio - 1), 2)
            else 0
        end as margin_change,
        coalesce(ordered.orders_since, 0) as orders_since,
        coalesce(ordered.revenue_since, 0) as revenue_since,
        ordered.order_keys,
        case
            when matched.was_there and matched.is_there
                then matched.historic_revenue - matched.historic_revenue_before - coalesce(ordered.revenue_since, 0)
        end as earlier_orders_change
    from matched
    inner join compared on matched.since = compared.since
    left join ordered on matched.since = ordered.since and matched.customer_key = ordered.customer_key
),

paired as (
    select
        *,
        case
            when not is_there then 'no longer counted'
            when not was_there and first_order_on < before_on then 'refunds and corrections'
            when not was_there then 'new customers'
            when orders_since > 0 then 'orders'
            when earlier_orders_change <> 0 then 'refunds and corrections'
            when model_version <> model_version_before then 'new model'
            else 'time passed'
        end as cause
    from counted
),
{% endmacro %}


{# By how much the profit per unit of revenue changed between two runs, as a ratio: rows of profit_margin. #}
{% macro change_of_margin(now, earlier) -%}
    coalesce({{ now }}.margin / nullif({{ earlier }}.margin, 0), 1)::numeric
{%- endmacro %}


{# A subquery of the reasons in a column of customer_clv: their groups, words and effects in money. #}
{% macro named_reasons(reasons) -%}
    (
        select
            listed.one ->> 'group' as reason_group,
            listed.one ->> 'reason' as reason,
            (listed.one ->> 'effect')::numeric(18, 2) as effect
        from jsonb_array_elements({{ reasons }}) as listed (one)
    )
{%- endmacro %}
