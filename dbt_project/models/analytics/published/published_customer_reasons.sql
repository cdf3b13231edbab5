{{ config(alias='customer_reasons') }}

with

customers as (
    {{ published(ref('customer_clv')) | indent(4) }}
),

parts as (
    select
        customers.as_of_date,
        customers.customer_key,
        parts.place,
        parts.reason,
        parts.effect,
        customers.currency,
        customers.run_id
    from customers
    cross join
        lateral (
            select
                0 as place,
                'the average customer' as reason,
                customers.reasons_start as effect
            union all
            select
                given.place::integer as place,
                given.one ->> 'reason' as reason,
                (given.one ->> 'effect')::numeric as effect
            from jsonb_array_elements(customers.reasons) with ordinality as given (one, place)
            union all
            select
                99 as place,
                'everything else' as reason,
                customers.reasons_rest as effect
        ) as parts
    where customers.status = 'scored'
)

select * from parts
