{#- Reads the state of intermediate that the features are built from, so it is built together with them. -#}
with

features as (
    select
        as_of_date,
        customer_key,
        orders_count,
        first_order_on,
        days_since_last_order,
        revenue_total,
        expected_gap_days
    from (
        {{ customer_features([day_before()], few=true) | indent(8) }}
    ) as all_features
),

{{ stages_of_features() }}

select
    date '{{ given("as_of_date") }}' as as_of_date,
    '{{ given("run_id") }}'::text as run_id,
    staged.customer_key,
    date '{{ day_before() }}' as before_on,
    staged.segment,
    staged.lifecycle_stage
from staged
