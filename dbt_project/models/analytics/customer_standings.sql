with

features as (
    select
        as_of_date,
        customer_key,
        orders_count,
        first_order_on,
        days_since_last_order,
        revenue_total,
        expected_gap_days
    from {{ ref('customer_features') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

orders as (
    select *
    from {{ ref('customer_orders') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

value_tiers as (select * from {{ ref('value_tiers') }}),

value_bands as (select * from {{ ref('value_bands') }}),

reference_ranks as {{ reference_ranks() }},

forecasts as materialized ( -- once, not for each rule
    select
        customer_key,
        {{ churn_risk('p_purchase') }} as churn_risk,
        {{ money('predicted_clv') }} as predicted_clv
    from {{ forecast_values() }} as forecast_values
    where horizon_days = {{ var('main_horizon') }}
),

{{ stages_of_features('forecasts') }},

valued as (
    select
        features.customer_key,
        forecasts.predicted_clv,
        coalesce(orders.revenue, 0) as historic_revenue
    from features
    inner join forecasts on features.customer_key = forecasts.customer_key
    left join orders on features.customer_key = orders.customer_key
    where forecasts.predicted_clv is not null
),

ranked as (
    select
        customer_key,
        {{ percent_above() }} as percent_above
    from valued
),

tiers as (
    {{ groups_of_ranks('ranked', 'reference_ranks', 'value_tiers', 'value_tier') | indent(4) }}
),

bands as (
    {{ groups_of_ranks('ranked', 'reference_ranks', 'value_bands', 'value_band') | indent(4) }}
),

final as (
    select
        date '{{ given("as_of_date") }}' as as_of_date,
        '{{ given("run_id") }}'::text as run_id,
        staged.customer_key,
        staged.recency_quintile,
        staged.frequency_quintile,
        staged.monetary_quintile,
        staged.expected_gap_days,
        staged.gaps_silent,
        staged.days_overdue,
        staged.segment,
        staged.lifecycle_stage,
        forecasts.churn_risk,
        forecasts.predicted_clv,
        tiers.percent_above,
        tiers.value_tier,
        bands.value_band
    from staged
    left join forecasts on staged.customer_key = forecasts.customer_key
    left join tiers on staged.customer_key = tiers.customer_key
    left join bands on staged.customer_key = bands.customer_key
)

select * from final
