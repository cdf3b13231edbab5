with

profiles as (select * from {{ ref('stg_customer_profiles') }}),

-- Of several rows for one customer and day, the one that was loaded last counts.
versions as (
    select distinct on (customer_key, valid_from) *
    from profiles
    order by customer_key, valid_from, batch_id desc, line desc
),

final as (
    select
        customer_key,
        valid_from,
        source,
        may_contact,
        tags,
        registered_on,
        country,
        region
    from versions
)

select * from final
