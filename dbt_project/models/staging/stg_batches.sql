with

batches as (select * from {{ source('raw', 'batches') }}),

withdrawals as (select * from {{ source('raw', 'withdrawals') }}),

standing as (
    select
        batches.batch_id,
        count(*) over (
            partition by batches.source, batches.content_sha256
            order by batches.place, batches.batch_id
            rows between 1 following and unbounded following
        ) as later_readings
    from batches
    left join withdrawals on batches.batch_id = withdrawals.batch_id
    where withdrawals.batch_id is null
),

judged as (
    select
        batches.batch_id,
        batches.source,
        batches.place,
        batches.row_key,
        withdrawals.batch_id is not null as is_withdrawn,
        coalesce(standing.later_readings, 0) > 0 and batches.kind = 'orders' as is_read_again
    from batches
    left join withdrawals on batches.batch_id = withdrawals.batch_id
    left join standing on batches.batch_id = standing.batch_id
),

-- Sources whose deliveries contain whole orders, according to the newest mapping. Their order ids belong to one
-- customer, or are unique over all customers.
order_sources as (
    select distinct on (source)
        source,
        row_key = 'customer_order' as is_by_customer
    from judged
    where row_key in ('order', 'customer_order') and not is_withdrawn and not is_read_again
    order by source, place desc, batch_id desc
),

final as (
    select
        batches.batch_id,
        batches.source,
        batches.file_name,
        batches.content_sha256,
        batches.place,
        batches.rows_received,
        batches.rows_unreadable,
        batches.row_key,
        judged.is_withdrawn,
        judged.is_read_again,
        order_sources.is_by_customer
    from batches
    inner join judged on batches.batch_id = judged.batch_id
    left join order_sources on batches.source = order_sources.source
)

select * from final
