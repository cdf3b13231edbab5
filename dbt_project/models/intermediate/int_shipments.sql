with

shipments as (select * from {{ ref('stg_shipments') }}),

final as (
    select
        batch_id,
        line,
        source,
        order_source,
        order_id,
        shipment_id,
        shipped_at,
        shipped_at::date as shipped_on,
        delivered_at,
        delivered_at::date as delivered_on,
        promised_on,
        cost,
        carrier
    from shipments
)

select * from final
