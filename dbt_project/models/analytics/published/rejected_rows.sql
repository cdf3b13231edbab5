{#- New columns come last: only then can the view of an earlier version be replaced in place. -#}
with

unreadable_rows as (
    select
        batch_id,
        reason
    from {{ source('quarantine', 'unreadable_rows').render() }}
),

batches as (select * from {{ source('raw', 'batches').render() }}),

withdrawals as (select * from {{ source('raw', 'withdrawals').render() }}),

rejections as (select * from {{ ref('stg_rejections').render() }}),

unreadable as (
    select
        batch_id,
        'unreadable' as rejected_as,
        ops.without_values(reason) as reason
    from unreadable_rows
    where reason <> 'erased'
),

counted as (
    select
        batch_id,
        rejected_as,
        reason,
        count(*) as rows_rejected
    from unreadable
    group by batch_id, rejected_as, reason
    union all
    select
        batch_id,
        rejected_as,
        reason,
        rows_rejected
    from rejections
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
        withdrawals.withdrawn_at,
        counted.rejected_as
    from counted
    inner join batches on counted.batch_id = batches.batch_id
    left join withdrawals on counted.batch_id = withdrawals.batch_id
)

select * from final
