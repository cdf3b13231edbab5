{#- PostgreSQL would keep the answers for each customer's reasons, of which hardly two are the same. -#}
{{ config(
    pre_hook='set local enable_memoize = off',
    indexes=[{'columns': [
        'as_of_date', 'run_id', 'value_tier', 'segment', 'churn_band', 'predicted_clv desc', 'customer_key desc'
    ]}],
) }}

with

features as (
    select *
    from {{ ref('customer_features') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

-- Historic revenue is summed from the published orders, so that customers and orders have equal totals.
orders as (
    select *
    from {{ ref('customer_orders') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

standings as not materialized (
    select *
    from {{ ref('customer_standings') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

margin as (
    select *
    from {{ ref('profit_margin') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

forecasts as not materialized {{ forecast_values() }},

churn_bands as (select * from {{ ref('churn_bands') }}),

settings as (select * from {{ source('ops', 'settings') }}),

currency as (select value from settings where name = 'currency'),

averages as (
    select
        round(avg(predicted_clv), 2) as predicted_clv,
        round(100 * avg(churn_risk), 2) as churn_points
    from standings
),

lifetimes as (
    select
        customer_key,
        {{ money('predicted_clv') }} as lifetime_clv
    from forecasts
    where horizon_days = {{ var('lifetime_horizon') }}
),

-- Reasons for the value are effects on revenue, so they are converted to discounted profit. Reasons for the risk are in
-- percentage points and stay as they are.
main_forecasts as (
    select
        forecasts.*,
        worth.reasons as reasons_worth,
        worth.effect as effect_worth,
        risk.reasons as reasons_at_risk,
        risk.effect as effect_at_risk
    from forecasts
    cross join
        lateral (
            select
                {{ reasons_with_effects(
                    '* (forecasts.predicted_clv / nullif(forecasts.predicted_revenue, 0))::numeric'
                ) }}
            from jsonb_array_elements(forecasts.reasons) with ordinality as listed (reason, place)
        ) as worth
    cross join
        lateral (
            select
                {{ reasons_with_effects() }}
            from jsonb_array_elements(forecasts.risk_reasons) with ordinality as listed (reason, place)
        ) as risk
    where forecasts.horizon_days = {{ var('main_horizon') }}
),

final as (
    select
        features.as_of_date,
        features.run_id,
        features.customer_key,
        main_forecasts.horizon_days,
        currency.value as currency,
        main_forecasts.status,
        main_forecasts.status_reason,
        features.first_order_on,
        features.last_order_on,
        features.orders_count,
        coalesce(orders.revenue, 0) as historic_revenue,
        coalesce(orders.profit, 0) as historic_profit,
        {{ money('features.average_order_value') }} as average_order_value,
        round(features.gap_mean::numeric, 1) as average_days_between_orders,
        round(main_forecasts.p_alive::numeric, 4) as p_alive,
        round(main_forecasts.p_purchase::numeric, 4) as p_purchase,
        standings.churn_risk,
        churn_bands.churn_band,
        round(main_forecasts.expected_orders::numeric, 4) as expected_orders,
        features.as_of_date + main_forecasts.days_to_next_order::integer as expected_next_order_on,
        standings.days_overdue,
        {{ money('main_forecasts.predicted_revenue') }} as predicted_revenue,
        {{ money('main_forecasts.predicted_profit') }} as predicted_profit,
        standings.predicted_clv,
        {{ money('main_forecasts.predicted_clv_low') }} as predicted_clv_low,
        {{ money('main_forecasts.predicted_clv_p50') }} as predicted_clv_p50,
        {{ money('main_forecasts.predicted_clv_high') }} as predicted_clv_high,
        {{ money('main_forecasts.predicted_clv_low') }} as predicted_clv_p10,
        {{ money('main_forecasts.predicted_clv_high') }} as predicted_clv_p90,
        lifetimes.lifetime_clv,
        coalesce(orders.profit, 0) + lifetimes.lifetime_clv as total_clv,
        round((100 - standings.percent_above)::numeric, 2) as clv_percentile,
        standings.value_tier,
        standings.segment,
        standings.lifecycle_stage,
        case when main_forecasts.status = 'scored' then coalesce(main_forecasts.reasons_worth, '[]'::jsonb) end
            as reasons,
        case when main_forecasts.status = 'scored' then averages.predicted_clv end as reasons_start,
        standings.predicted_clv - averages.predicted_clv - coalesce(main_forecasts.effect_worth, 0) as reasons_rest,
        case when main_forecasts.status = 'scored' then coalesce(main_forecasts.reasons_at_risk, '[]'::jsonb) end
            as risk_reasons,
        case when main_forecasts.status = 'scored' then averages.churn_points end as risk_reasons_start,
        100 * standings.churn_risk - averages.churn_points - coalesce(main_forecasts.effect_at_risk, 0)
            as risk_reasons_rest,
        main_forecasts.model_version,
        margin.profit_basis
    from features
    inner join standings on features.customer_key = standings.customer_key
    left join orders on features.customer_key = orders.customer_key
    left join main_forecasts on features.customer_key = main_forecasts.customer_key
    left join lifetimes on features.customer_key = lifetimes.customer_key
    left join churn_bands
        on
            standings.churn_risk >= churn_bands.from_risk
            and (standings.churn_risk < churn_bands.below_risk or churn_bands.below_risk is null)
    left join currency on true
    cross join averages
    cross join margin
)

select * from final
