with

forecasts as (select * from {{ ref('forecast_values') }}),

settings as (select * from {{ source('ops', 'settings') }}),

currency as (select value from settings where name = 'currency'),

final as (
    select
        forecasts.as_of_date,
        forecasts.run_id,
        forecasts.customer_key,
        forecasts.horizon_days,
        currency.value as currency,
        forecasts.status,
        round(forecasts.p_purchase::numeric, 4) as p_purchase,
        round(forecasts.expected_orders::numeric, 4) as expected_orders,
        {{ money('forecasts.predicted_revenue') }} as predicted_revenue,
        {{ money('forecasts.predicted_profit') }} as predicted_profit,
        {{ money('forecasts.predicted_clv') }} as predicted_clv,
        {{ money('forecasts.predicted_clv_low') }} as predicted_clv_low,
        {{ money('forecasts.predicted_clv_p50') }} as predicted_clv_p50,
        {{ money('forecasts.predicted_clv_high') }} as predicted_clv_high,
        {{ money('forecasts.predicted_clv_low') }} as predicted_clv_p10,
        {{ money('forecasts.predicted_clv_high') }} as predicted_clv_p90
    from forecasts
    left join currency on true
    where forecasts.horizon_days in ({{ var('horizons') | join(', ') }})
)

select * from final
