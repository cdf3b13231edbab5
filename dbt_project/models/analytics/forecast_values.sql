{{ config(materialized='ephemeral', contract={'enforced': false}) }}

with

predictions as (
    select *
    from {{ source('predictions', 'customer_predictions') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

features as (
    select *
    from {{ ref('customer_features') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

-- Profit per unit of revenue: the shop's own where lines bring a cost, else its setting
known_costs as (
    select
        sum(historic_profit::numeric) as profit,
        sum(revenue_total::numeric - revenue_without_cost::numeric) as revenue
    from features
    where historic_profit is not null
),

margin as materialized ( -- once, not for each row
    select coalesce((profit / nullif(revenue, 0))::double precision, {{ var('gross_margin') }}) as margin
    from known_costs
),

final as (
    select
        predictions.*,
        predictions.predicted_revenue * margin.margin as predicted_profit,
        predictions.predicted_revenue * margin.margin * predictions.discount_factor as predicted_clv,
        -- At a loss the most revenue is the least value
        case when margin.margin < 0 then predictions.predicted_p90 else predictions.predicted_p10 end
        * margin.margin * predictions.discount_factor as predicted_clv_low,
        predictions.predicted_p50 * margin.margin * predictions.discount_factor as predicted_clv_p50,
        case when margin.margin < 0 then predictions.predicted_p10 else predictions.predicted_p90 end
        * margin.margin * predictions.discount_factor as predicted_clv_high
    from predictions
    cross join margin
)

select * from final
