{{ config(materialized='ephemeral', contract={'enforced': false}) }}

with

predictions as (
    select *
    from {{ source('predictions', 'customer_predictions') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

margin as (
    select *
    from {{ ref('profit_margin') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

final as (
    select
        predictions.*,
        predictions.predicted_revenue * margin.margin as predicted_profit,
        {{ discounted_profit('predictions', 'margin.margin') }} as predicted_clv,
        -- At a loss, more revenue means less value.
        case when margin.margin < 0 then predictions.predicted_p90 else predictions.predicted_p10 end
        * margin.margin * predictions.discount_factor as predicted_clv_low,
        predictions.predicted_p50 * margin.margin * predictions.discount_factor as predicted_clv_p50,
        case when margin.margin < 0 then predictions.predicted_p10 else predictions.predicted_p90 end
        * margin.margin * predictions.discount_factor as predicted_clv_high
    from predictions
    cross join margin
)

select * from final
