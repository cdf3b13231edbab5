{{ config(indexes=[{'columns': ['day']}]) }}

with

lines as (
    {{ rows_of_persons(ref('stg_order_lines')) | indent(4) }}
),

-- The last answer of an id on a day counts. Of a yes and a no at the same time, the no counts.
answers as (
    select distinct on (account_key, ordered_on)
        account_key,
        customer_key,
        ordered_on as day,
        may_contact
    from lines
    where may_contact is not null
    order by account_key, ordered_on, ordered_at desc, may_contact
),

-- Of a person's ids with different answers on a day, the no counts.
final as (
    select
        customer_key,
        day,
        bool_and(may_contact) as may_contact
    from answers
    group by customer_key, day
)

select * from final
