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
        withdrawals.batch_id is not null as is_withdrawn,
        coalesce(standing.later_readings, 0) > 0 and batches.kind = 'orders' as is_read_again
    from batches
    left join withdrawals on batches.batch_id = withdrawals.batch_id
    left join standing on batches.batch_id = standing.batch_id
)

select * from final
