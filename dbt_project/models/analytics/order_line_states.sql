{#- Records the state of intermediate that the run's features are built from, so it is built together with them. -#}
with

settings as (select * from {{ source('ops', 'settings') }}),

currency as (select value from settings where name = 'currency'),

final as (
    select
        date '{{ given("as_of_date") }}' as as_of_date,
        '{{ given("run_id") }}'::text as run_id,
        -- The number of the newest state; null if there was none yet.
        coalesce(pg_sequence_last_value('ops.order_line_states'), 0) as state,
        (select currency.value from currency) as currency,
        {{ var('gross_margin') }}::numeric as gross_margin,
        {{ var('payment_fee_rate') }}::numeric as payment_fee_rate,
        {{ var('payment_fee_fixed') }}::numeric as payment_fee_fixed,
        {{ var('shipping_cost') }}::numeric as shipping_cost,
        {{ var('return_cost') }}::numeric as return_cost
    {%- if flags.EMPTY %}
    where false
    {%- endif %}
)

select * from final
