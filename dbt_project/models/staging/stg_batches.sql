with

batches as (select * from {{ source('raw', 'batches') }}),

withdrawals as (select * from {{ source('raw', 'withdrawals') }}),

final as (
    select
        batches.batch_id,
        batches.source,
        batches.file_name,
        batches.content_sha256,
        coalesce(batches.replay_of, batches.batch_id) as place,
        batches.rows_received,
        batches.rows_unreadable,
        withdrawals.batch_id is not null as is_withdrawn
    from batches
    left join withdrawals on batches.batch_id = withdrawals.batch_id
)

select * from final
