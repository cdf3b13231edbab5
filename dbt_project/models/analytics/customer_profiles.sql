{#- Reads the state of intermediate that the features are built from, so it is built together with them. -#}
with

profiles as (
    select distinct on (customer_key) *
    from {{ ref('int_customer_profiles') }}
    where valid_from < date '{{ given("as_of_date") }}'
    order by customer_key, valid_from desc
),

final as (
    select
        date '{{ given("as_of_date") }}' as as_of_date,
        '{{ given("run_id") }}'::text as run_id,
        customer_key,
        valid_from,
        may_contact,
        tags,
        registered_on,
        country,
        region
    from profiles
)

select * from final
