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
with_orders as (
    select
        customer_key,
        day,
        bool_and(may_contact) as may_contact
    from answers
    group by customer_key, day
),

in_profiles as (
    select
        customer_key,
        valid_from as day,
        may_contact
    from {{ ref('int_customer_profiles') }}
    where may_contact is not null
),

-- A profile holds from the beginning of its day, so an order of the day is later.
final as (
    select
        coalesce(with_orders.customer_key, in_profiles.customer_key) as customer_key,
        coalesce(with_orders.day, in_profiles.day) as day,
        coalesce(with_orders.may_contact, in_profiles.may_contact) as may_contact
    from with_orders
    full outer join in_profiles
        on with_orders.customer_key = in_profiles.customer_key and with_orders.day = in_profiles.day
)

select * from final
