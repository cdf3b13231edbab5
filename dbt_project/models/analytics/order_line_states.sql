{#- Reads the state of intermediate that fct_orders is built from, so it is built together with it. -#}
with

versions as (select * from {{ ref('int_order_line_versions') }})

select
    date '{{ given("as_of_date") }}' as as_of_date,
    '{{ given("run_id") }}'::text as run_id,
    coalesce(greatest(max(from_state), max(until_state)), 0)::bigint as state
from versions
