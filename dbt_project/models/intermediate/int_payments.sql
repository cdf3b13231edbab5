with

payments as (select * from {{ ref('stg_payments') }}),

final as (
    select
        batch_id,
        line,
        source,
        order_source,
        order_id,
        payment_id,
        paid_at,
        paid_at::date as paid_on,
        amount,
        coalesce(state, 'paid') as state,
        fee,
        method,
        failure_reason
    from payments
)

select * from final
