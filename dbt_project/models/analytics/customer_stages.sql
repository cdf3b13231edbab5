{{ config(materialized='ephemeral', contract={'enforced': false}) }}

with

features as (
    select *
    from {{ ref('customer_features') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

{{ stages_of_features() }}

select * from final
