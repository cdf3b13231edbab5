{{ config(indexes=[{'columns': ['day']}]) }}

with

lines as (select * from {{ ref('stg_order_lines') }}),

-- The last answer on a day counts. Of a yes and a no at the same time, the no counts.
final as (
    select distinct on (customer_key, ordered_on)
        customer_key,
        ordered_on as day,
        may_contact
    from lines
    where may_contact is not null
    order by customer_key, ordered_on, ordered_at desc, may_contact
)

select * from final
