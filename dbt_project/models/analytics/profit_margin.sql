{{ config(materialized='ephemeral', contract={'enforced': false}) }}

with

features as (
    select *
    from {{ ref('customer_features') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

known_costs as (
    select
        sum(historic_profit::numeric) as profit,
        sum(revenue_total::numeric - revenue_without_cost::numeric) as revenue
    from features
    where historic_profit is not null
),

final as materialized ( -- once, not for each row
    select coalesce((profit / nullif(revenue, 0))::double precision, {{ var('gross_margin') }}) as margin
    from known_costs
)

select * from final
