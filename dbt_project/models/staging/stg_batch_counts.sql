with

batches as (select * from {{ ref('stg_batches') }}),

line_verdicts as (select * from {{ ref('stg_line_verdicts') }}),

spend_verdicts as (select * from {{ ref('stg_spend_verdicts') }}),

kind_verdicts as (select * from {{ ref('stg_kind_verdicts') }}),

lines as (select * from {{ ref('stg_order_lines') }}),

erased_unreadable as (
    select
        batch_id,
        count(*) as rows_there
    from {{ source('quarantine', 'unreadable_rows').render() }}
    where reason = 'erased'
    group by batch_id
),

verdicts as (
    select
        batch_id,
        verdict
    from line_verdicts
    union all
    select
        batch_id,
        verdict
    from spend_verdicts
    union all
    select
        batch_id,
        verdict
    from kind_verdicts
),

counts as (
    select
        batch_id,
        count(*) filter (where verdict = 'replaced') as rows_replaced,
        count(*) filter (where verdict = 'withdrawn') as rows_withdrawn,
        count(*) filter (where verdict = 'erased') as rows_erased,
        count(*) filter (where verdict = 'missing_order') as rows_missing_order,
        count(*) filter (where verdict = 'missing_time') as rows_missing_time,
        count(*) filter (where verdict = 'missing_amount') as rows_missing_amount,
        count(*) filter (where verdict = 'missing_customer') as rows_missing_customer,
        count(*) filter (where verdict = 'accepted') as rows_accepted,
        count(*) filter (where verdict = 'duplicate') as rows_duplicate,
        count(*) filter (where verdict not in ('accepted', 'duplicate')) as rows_set_aside,
        count(*) filter (
            where verdict not in (
                'accepted', 'duplicate', 'replaced', 'withdrawn', 'erased',
                'missing_order', 'missing_time', 'missing_amount', 'missing_customer'
            )
        ) as rows_by_rule
    from verdicts
    group by batch_id
),

times as (
    select
        batch_id,
        min(ordered_at) as first_ordered_at,
        max(ordered_at) as last_ordered_at
    from lines
    group by batch_id
),

final as (
    select
        batches.batch_id,
        batches.source,
        batches.file_name,
        batches.rows_received,
        batches.rows_unreadable,
        coalesce(counts.rows_accepted, 0) as rows_accepted,
        coalesce(counts.rows_set_aside, 0) as rows_set_aside,
        coalesce(counts.rows_duplicate, 0) as rows_duplicate,
        coalesce(counts.rows_by_rule, 0) as rows_by_rule,
        coalesce(counts.rows_replaced, 0) as rows_replaced,
        coalesce(counts.rows_withdrawn, 0) as rows_withdrawn,
        coalesce(counts.rows_erased, 0) + coalesce(erased_unreadable.rows_there, 0) as rows_erased,
        batches.rows_unreadable - coalesce(erased_unreadable.rows_there, 0)
        + coalesce(
            counts.rows_by_rule + counts.rows_missing_order + counts.rows_missing_time + counts.rows_missing_amount
            + counts.rows_missing_customer,
            0
        ) as rows_rejected,
        coalesce(counts.rows_missing_order, 0) as rows_missing_order,
        coalesce(counts.rows_missing_time, 0) as rows_missing_time,
        coalesce(counts.rows_missing_amount, 0) as rows_missing_amount,
        coalesce(counts.rows_missing_customer, 0) as rows_missing_customer,
        times.first_ordered_at,
        times.last_ordered_at
    from batches
    left join counts on batches.batch_id = counts.batch_id
    left join erased_unreadable on batches.batch_id = erased_unreadable.batch_id
    left join times on batches.batch_id = times.batch_id
)

select * from final
