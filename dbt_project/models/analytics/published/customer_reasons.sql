with

customers as (
    {{ published(ref('customer_clv')) | indent(4) }}
),

explained as (
    select
        as_of_date,
        run_id,
        customer_key,
        'value' as kind,
        currency,
        reasons_start as effect,
        reasons,
        reasons_rest as rest
    from customers
    where status = 'scored'
    union all
    select
        as_of_date,
        run_id,
        customer_key,
        'risk' as kind,
        null as currency,
        risk_reasons_start as effect,
        risk_reasons as reasons,
        risk_reasons_rest as rest
    from customers
    where status = 'scored' and risk_reasons is not null -- runs of an earlier version have none
),

parts as (
    select
        explained.as_of_date,
        explained.customer_key,
        parts.place,
        parts.reason,
        parts.effect,
        explained.currency,
        explained.run_id,
        explained.kind,
        parts.reason_group
    from explained
    cross join
        lateral (
            select
                0 as place,
                null as reason_group,
                'the average customer' as reason,
                explained.effect
            union all
            select
                given.place::integer as place,
                given.one ->> 'group' as reason_group,
                given.one ->> 'reason' as reason,
                (given.one ->> 'effect')::numeric as effect
            from jsonb_array_elements(explained.reasons) with ordinality as given (one, place)
            union all
            select
                99 as place,
                null as reason_group,
                'everything else' as reason,
                explained.rest as effect
        ) as parts
)

select * from parts
