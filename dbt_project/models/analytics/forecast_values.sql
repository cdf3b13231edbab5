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
margin as (
    select
        coalesce(
            (sum(historic_profit::numeric) / nullif(
                sum(revenue_total::numeric - revenue_without_cost::numeric)
                    filter (where historic_profit is not null), 0
            ))::double precision,
            {{ var('gross_margin') }}::double precision
        ) as margin
    from features
),

final as (
    select
        predictions.*,
        predictions.predicted_revenue * margin.margin as predicted_profit,
        predictions.predicted_revenue * margin.margin * predictions.discount_factor as predicted_clv
        {%- for quantile in ['p10', 'p50', 'p90'] %},
        predictions.predicted_{{ quantile }} * margin.margin * predictions.discount_factor
            as predicted_clv_{{ quantile }}
        {%- endfor %}
    from predictions
    cross join margin
)

select * from final
