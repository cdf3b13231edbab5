with

forecasts as {{ forecast_values() }},

settings as (select * from {{ source('ops', 'settings') }}),

currency as (select value from settings where name = 'currency'),

rounded as materialized ( -- each amount is rounded once, though two are shown twice
    select
        as_of_date,
        run_id,
        customer_key,
        horizon_days,
        status,
        round(p_purchase::numeric, 4) as p_purchase,
        round(expected_orders::numeric, 4) as expected_orders,
        {{ money('predicted_revenue') }} as predicted_revenue,
        {{ money('predicted_profit') }} as predicted_profit,
        {{ money('predicted_clv') }} as predicted_clv,
        {{ money('predicted_clv_low') }} as predicted_clv_low,
        {{ money('predicted_clv_p50') }} as predicted_clv_p50,
        {{ money('predicted_clv_high') }} as predicted_clv_high
    from forecasts
    where horizon_days in ({{ var('horizons') | join(', ') }})
),

final as (
    select
        rounded.*,
        currency.value as currency,
        rounded.predicted_clv_low as predicted_clv_p10,
        rounded.predicted_clv_high as predicted_clv_p90
    from rounded
    left join currency on true
)

select * from final
