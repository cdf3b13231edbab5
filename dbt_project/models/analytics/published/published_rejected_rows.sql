{{ config(alias='rejected_rows') }}

with

unreadable_rows as (
    select
        batch_id,
        reason
    from {{ source('quarantine', 'unreadable_rows').render() }}
),

batches as (select * from {{ source('raw', 'batches').render() }}),

withdrawals as (select * from {{ source('raw', 'withdrawals').render() }}),

-- What a reason quotes is the row's and may name somebody
reasons as (
    select
        batch_id,
        regexp_replace(reason, '[''"].*[''"]', '…') as reason
    from unreadable_rows
    where reason <> 'erased'
),

counted as (
    select
        batch_id,
        reason,
        count(*) as rows_rejected
    from reasons
    group by batch_id, reason
),

final as (
    select
        batches.batch_id,
        batches.source,
        batches.kind,
        batches.loaded_at,
        batches.rows_received,
        counted.reason,
        counted.rows_rejected,
        withdrawals.withdrawn_at
    from counted
    inner join batches on counted.batch_id = batches.batch_id
    left join withdrawals on counted.batch_id = withdrawals.batch_id
)

select * from final
