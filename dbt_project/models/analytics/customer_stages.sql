{{ config(materialized='ephemeral', contract={'enforced': false}) }}

with

features as (
    select *
    from {{ ref('customer_features') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

predictions as (
    select *
    from {{ source('predictions', 'customer_predictions') }}
    where
        as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
        and horizon_days = {{ var('main_horizon') }}
),

risks as materialized ( -- once, not for each rule
    select
        customer_key,
        {{ churn_risk('p_purchase') }} as churn_risk
    from predictions
),

{{ stages_of_features('risks') }}

select * from final
