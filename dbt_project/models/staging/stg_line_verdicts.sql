{#- Rows that were just copied in have no statistics yet, and a plan made without them can take hours. -#}
{{ config(
    indexes=[{'columns': ['batch_id', 'line'], 'unique': true}],
    pre_hook="analyze {{ source('raw', 'order_lines').render() }}",
) }}

with

lines as not materialized (
    select
        _batch_id as batch_id,
        _line as line,
        _source as source,
        _row_key as row_key,
        _content as content,
        _version as version,
        _rule as rule,
        order_id,
        ordered_at,
        amount,
        customer_key
    from {{ source('raw', 'order_lines') }}
),

batches as (select * from {{ source('raw', 'batches') }}),

withdrawals as (select * from {{ source('raw', 'withdrawals') }}),

-- Batches of a file that came more than once
redelivered as (
    select
        batches.batch_id,
        batches.source,
        batches.file_name,
        count(*) over (partition by batches.source, batches.file_name) as deliveries
    from batches
    left join withdrawals on batches.batch_id = withdrawals.batch_id
    where withdrawals.batch_id is null
),

redelivered_lines as (
    select
        lines.batch_id,
        lines.line,
        max(lines.batch_id) over (
            partition by redelivered.source, redelivered.file_name, lines.order_id
        ) as newest_of_order,
        max(lines.batch_id) over (
            partition by redelivered.source, redelivered.file_name, lines.row_key
        ) as newest_of_row
    from lines
    inner join redelivered on lines.batch_id = redelivered.batch_id
    where redelivered.deliveries > 1 and lines.order_id is not null
),

-- A corrected file may say less of an order than it did: what it no longer says is gone
dropped as (
    select
        batch_id,
        line
    from redelivered_lines
    where newest_of_row < newest_of_order
),

standing as (
    select lines.*
    from lines
    left join withdrawals on lines.batch_id = withdrawals.batch_id
    left join dropped on lines.batch_id = dropped.batch_id and lines.line = dropped.line
    where withdrawals.batch_id is null and dropped.batch_id is null
),

ranked as (
    select
        *,
        row_number() over newest_first as place,
        first_value(content) over newest_first as current_content
    from standing
    window newest_first as (
        partition by source, row_key
        order by version desc nulls last, batch_id desc, line desc
    )
),

judged as (
    select
        batch_id,
        line,
        case
            when place > 1 and content = current_content then 'duplicate'
            when place > 1 then 'replaced'
            when rule is not null then rule
            when order_id is null then 'missing_order'
            when ordered_at is null then 'missing_time'
            when amount is null then 'missing_amount'
            when customer_key is null then 'missing_customer'
            else 'accepted'
        end as verdict
    from ranked
),

withdrawn as (
    select
        lines.batch_id,
        lines.line,
        'withdrawn' as verdict
    from lines
    inner join withdrawals on lines.batch_id = withdrawals.batch_id
),

final as (
    select * from judged
    union all
    select * from withdrawn
    union all
    select
        batch_id,
        line,
        'replaced' as verdict
    from dropped
)

select * from final
