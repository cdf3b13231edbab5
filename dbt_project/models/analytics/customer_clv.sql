with

features as (
    select *
    from {{ ref('customer_features') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

orders as (
    select *
    from {{ ref('fct_orders') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

-- Historic revenue is summed from the published orders, so that customers and orders have equal totals.
so_far as (
    select
        customer_key,
        sum(net_revenue) as historic_revenue,
        sum(profit) as historic_profit
    from orders
    group by customer_key
),

forecasts as (
    select *
    from {{ ref('forecast_values') }}
    where horizon_days in ({{ var('main_horizon') }}, {{ var('lifetime_horizon') }})
),

stages as (select * from {{ ref('customer_stages') }}),

profit_basis as (select * from {{ ref('profit_basis') }}),

value_tiers as (select * from {{ ref('value_tiers') }}),

reference_ranks as (select * from {{ ref('reference_ranks') }}),

churn_bands as (select * from {{ ref('churn_bands') }}),

settings as (select * from {{ source('ops', 'settings') }}),

currency as (select value from settings where name = 'currency'),

main_forecasts as (select * from forecasts where horizon_days = {{ var('main_horizon') }}),

lifetimes as (
    select
        customer_key,
        predicted_clv as lifetime_clv
    from forecasts
    where horizon_days = {{ var('lifetime_horizon') }}
),

valued as (
    select
        features.as_of_date,
        features.run_id,
        features.customer_key,
        features.first_order_on,
        features.last_order_on,
        features.orders_count,
        features.gap_mean,
        features.average_order_value,
        main_forecasts.horizon_days,
        main_forecasts.status,
        main_forecasts.status_reason,
        main_forecasts.p_alive,
        main_forecasts.p_purchase,
        main_forecasts.expected_orders,
        main_forecasts.days_to_next_order,
        main_forecasts.model_version,
        {{ churn_risk('main_forecasts.p_purchase') }} as churn_risk,
        coalesce(so_far.historic_revenue, 0) as historic_revenue,
        coalesce(so_far.historic_profit, 0) as historic_profit,
        {{ money('main_forecasts.predicted_revenue') }} as predicted_revenue,
        {{ money('main_forecasts.predicted_profit') }} as predicted_profit,
        {{ money('main_forecasts.predicted_clv') }} as predicted_clv,
        {{ money('main_forecasts.predicted_clv_low') }} as predicted_clv_low,
        {{ money('main_forecasts.predicted_clv_p50') }} as predicted_clv_p50,
        {{ money('main_forecasts.predicted_clv_high') }} as predicted_clv_high,
        {{ money('lifetimes.lifetime_clv') }} as lifetime_clv
    from features
    left join so_far on features.customer_key = so_far.customer_key
    left join main_forecasts on features.customer_key = main_forecasts.customer_key
    left join lifetimes on features.customer_key = lifetimes.customer_key
),

-- Reasons for the value are effects on revenue, so they are converted to discounted profit. Reasons for the risk are in
-- percentage points and stay as they are.
priced as (
    select
        *,
        (predicted_clv / nullif(predicted_revenue, 0))::numeric as clv_per_revenue
    from main_forecasts
),

explained as (
    select
        priced.customer_key,
        worth.reasons,
        worth.effect,
        risk.reasons as risk_reasons,
        risk.effect as risk_effect
    from priced
    cross join
        lateral (
            select
                {{ reasons_with_effects('* priced.clv_per_revenue') }}
            from jsonb_array_elements(priced.reasons) with ordinality as listed (reason, place)
        ) as worth
    cross join
        lateral (
            select
                {{ reasons_with_effects() }}
            from jsonb_array_elements(priced.risk_reasons) with ordinality as listed (reason, place)
        ) as risk
),

averages as (
    select
        round(avg(predicted_clv), 2) as predicted_clv,
        round(100 * avg(churn_risk), 2) as churn_points
    from valued
),

ranked as (
    select
        customer_key,
        {{ percent_above() }} as percent_above
    from valued
    where predicted_clv is not null
),

tiers as (
    {{ groups_of_ranks('ranked', 'reference_ranks', 'value_tiers', 'value_tier') | indent(4) }}
),

final as (
    select
        valued.as_of_date,
        valued.run_id,
        valued.customer_key,
        valued.horizon_days,
        currency.value as currency,
        valued.status,
        valued.status_reason,
        valued.first_order_on,
        valued.last_order_on,
        valued.orders_count,
        valued.historic_revenue,
        valued.historic_profit,
        {{ money('valued.average_order_value') }} as average_order_value,
        round(valued.gap_mean::numeric, 1) as average_days_between_orders,
        round(valued.p_alive::numeric, 4) as p_alive,
        round(valued.p_purchase::numeric, 4) as p_purchase,
        valued.churn_risk,
        churn_bands.churn_band,
        round(valued.expected_orders::numeric, 4) as expected_orders,
        valued.as_of_date + valued.days_to_next_order::integer as expected_next_order_on,
        stages.days_overdue,
        valued.predicted_revenue,
        valued.predicted_profit,
        valued.predicted_clv,
        valued.predicted_clv_low,
        valued.predicted_clv_p50,
        valued.predicted_clv_high,
        valued.predicted_clv_low as predicted_clv_p10,
        valued.predicted_clv_high as predicted_clv_p90,
        valued.lifetime_clv,
        valued.historic_profit + valued.lifetime_clv as total_clv,
        round((100 - tiers.percent_above)::numeric, 2) as clv_percentile,
        tiers.value_tier,
        stages.segment,
        stages.lifecycle_stage,
        case when valued.status = 'scored' then coalesce(explained.reasons, '[]'::jsonb) end as reasons,
        case when valued.status = 'scored' then averages.predicted_clv end as reasons_start,
        valued.predicted_clv - averages.predicted_clv - coalesce(explained.effect, 0) as reasons_rest,
        case when valued.status = 'scored' then coalesce(explained.risk_reasons, '[]'::jsonb) end as risk_reasons,
        case when valued.status = 'scored' then averages.churn_points end as risk_reasons_start,
        100 * valued.churn_risk - averages.churn_points - coalesce(explained.risk_effect, 0) as risk_reasons_rest,
        valued.model_version,
        profit_basis.profit_basis
    from valued
    left join explained on valued.customer_key = explained.customer_key
    left join stages on valued.customer_key = stages.customer_key
    left join tiers on valued.customer_key = tiers.customer_key
    left join churn_bands
        on
            valued.churn_risk >= churn_bands.from_risk
            and (valued.churn_risk < churn_bands.below_risk or churn_bands.below_risk is null)
    left join currency on true
    cross join averages
    cross join profit_basis
)

select * from final
