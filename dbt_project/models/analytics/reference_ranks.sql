{{ config(materialized='ephemeral', contract={'enforced': false}) }}

with

predictions as (
    select *
    from {{ source('predictions', 'customer_predictions') }}
    where
        as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
        and horizon_days = {{ var('main_horizon') }}
),

reference_predictions as (
    select *
    from {{ source('predictions', 'reference_predictions') }}
    where model_version = (select max(predictions.model_version) from predictions)
),

margin as (
    select *
    from {{ ref('profit_margin') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

valued as (
    select
        reference_predictions.customer_key,
        {{ money('reference_predictions.historic_revenue') }} as historic_revenue,
        {{ money(discounted_profit('reference_predictions', 'margin.margin')) }} as predicted_clv
    from reference_predictions
    cross join margin
),

final as (
    select
        customer_key,
        {{ percent_above() }} as percent_above
    from valued
)

select * from final
