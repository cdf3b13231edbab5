{#- Reads the state of intermediate that the features are built from, so it is built together with them. -#}
with

features as (
    {{ customer_features([day_before()]) | indent(4) }}
),

{{ stages_of_features() }}

select
    date '{{ given("as_of_date") }}' as as_of_date,
    '{{ given("run_id") }}'::text as run_id,
    final.customer_key,
    date '{{ day_before() }}' as before_on,
    final.segment,
    final.lifecycle_stage
from final
