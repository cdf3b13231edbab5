{#- Reads the state of intermediate that the features are built from, so it is built together with them. -#}
with

spend as (
    select *
    from {{ ref('int_channel_spend') }}
    where day < date '{{ given("as_of_date") }}'
),

final as (
    select
        date '{{ given("as_of_date") }}' as as_of_date,
        '{{ given("run_id") }}'::text as run_id,
        channel,
        date_trunc('month', day)::date as month,
        sum(amount) as spend
    from spend
    group by channel, date_trunc('month', day)
)

select * from final
