with

returns as (select * from {{ ref('stg_returns') }}),

final as (
    select
        batch_id,
        line,
        source,
        order_source,
        order_id,
        return_id,
        returned_at,
        returned_at::date as returned_on,
        product_id,
        coalesce(quantity, 1) as quantity,
        amount,
        coalesce(is_exchange, false) as is_exchange,
        reason,
        cost
    from returns
)

select * from final
