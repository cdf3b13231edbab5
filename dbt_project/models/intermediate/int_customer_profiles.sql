with

profiles as (
    {{ rows_of_persons(ref('stg_customer_profiles')) | indent(4) }}
),

-- Of several rows for one id and day, the one that was loaded last counts.
of_ids as (
    select distinct on (account_key, valid_from) *
    from profiles
    order by account_key, valid_from, batch_id desc, line desc
),

-- Of a person's ids with different answers on a day, the no counts.
answers as (
    select
        *,
        bool_and(may_contact) over (partition by customer_key, valid_from) as persons_answer
    from of_ids
),

versions as (
    select distinct on (customer_key, valid_from) *
    from answers
    order by customer_key, valid_from, batch_id desc, line desc
),

final as (
    select
        customer_key,
        valid_from,
        source,
        persons_answer as may_contact,
        tags,
        registered_on,
        country,
        region
    from versions
)

select * from final
