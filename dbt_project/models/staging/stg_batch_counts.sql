with

batches as (select * from {{ ref('stg_batches') }}),

verdicts as (select * from {{ ref('stg_verdict_counts') }}),

erased_unreadable as (
    select
        batch_id,
        count(*) as rows_there
    from {{ source('quarantine', 'unreadable_rows').render() }}
    where reason = 'erased'
    group by batch_id
),

counts as (
    select
        batch_id,
        coalesce(sum(rows_there) filter (where verdict = 'replaced'), 0)::bigint as rows_replaced,
        coalesce(sum(rows_there) filter (where verdict = 'withdrawn'), 0)::bigint as rows_withdrawn,
        coalesce(sum(rows_there) filter (where verdict = 'erased'), 0)::bigint as rows_erased,
        coalesce(sum(rows_there) filter (where verdict = 'missing_order'), 0)::bigint as rows_missing_order,
        coalesce(sum(rows_there) filter (where verdict = 'missing_time'), 0)::bigint as rows_missing_time,
        coalesce(sum(rows_there) filter (where verdict = 'missing_amount'), 0)::bigint as rows_missing_amount,
        coalesce(sum(rows_there) filter (where verdict = 'missing_customer'), 0)::bigint as rows_missing_customer,
        coalesce(sum(rows_there) filter (where verdict = 'accepted'), 0)::bigint as rows_accepted,
        coalesce(sum(rows_there) filter (where verdict = 'duplicate'), 0)::bigint as rows_duplicate,
        coalesce(sum(rows_there) filter (where verdict not in ('accepted', 'duplicate')), 0)::bigint as rows_set_aside,
        coalesce(sum(rows_there) filter (
            where verdict not in (
                'accepted', 'duplicate', 'replaced', 'withdrawn', 'erased',
                'missing_order', 'missing_time', 'missing_amount', 'missing_customer'
            )
        ), 0)::bigint as rows_by_rule,
        min(first_ordered_at) as first_ordered_at,
        max(last_ordered_at) as last_ordered_at
    from verdicts
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
        counts.first_ordered_at,
        counts.last_ordered_at
    from batches
    left join counts on batches.batch_id = counts.batch_id
    left join erased_unreadable on batches.batch_id = erased_unreadable.batch_id
)

select * from final
