{#- Reads the state of intermediate that the features are built from, so it is built together with them. -#}
with

spend as (
    select *
    from {{ ref('int_channel_spend') }}
    where day < date '{{ given("as_of_date") }}'
),

covered as (
    select
        min(day) as covered_from,
        max(day) as covered_to
    from spend
),

final as (
    select
        date '{{ given("as_of_date") }}' as as_of_date,
        '{{ given("run_id") }}'::text as run_id,
        spend.channel,
        covered.covered_from,
        covered.covered_to,
        sum(spend.amount) as spend
    from spend
    cross join covered
    group by spend.channel, covered.covered_from, covered.covered_to
)

select * from final
