{{ config(indexes=[
    {'columns': ['batch_id', 'line', 'entry'], 'unique': true},
    {'columns': ['order_hash']},
    {'columns': ['row_hash']},
]) }}

with

batches as (select * from {{ ref('stg_batches') }}),

order_lines as not materialized (select * from {{ source('raw', 'order_lines') }}),

replaced_lines as (select * from {{ ref('stg_replaced_lines') }}),

lines as not materialized (
    select
        lines._batch_id as batch_id,
        lines._line as line,
        lines._entry as entry,
        lines._source as source,
        lines._row_key as row_key,
        lines._content as content,
        lines._version as version,
        lines._rule as rule,
        lines.order_id,
        lines.ordered_at,
        lines.amount,
        lines.customer_key,
        batches.place as batch_place,
        batches.is_withdrawn,
        replaced_lines.batch_id is not null or batches.is_read_again as is_replaced
    from order_lines as lines
    inner join batches on lines._batch_id = batches.batch_id
    left join replaced_lines
        on
            lines._batch_id = replaced_lines.batch_id
            and lines._line = replaced_lines.line
            and lines._entry = replaced_lines.entry
),

-- A row without a time of change counts as changed when it was delivered, but not before any earlier row.
dated as (
    select
        *,
        max(version) filter (where not is_replaced) over (
            partition by source, row_key
            order by batch_place, batch_id, line, entry
        ) as newest_version
    from lines
    where not is_withdrawn
),

ranked as (
    select
        *,
        row_number() over newest_first as place,
        first_value(content) over newest_first as current_content,
        first_value(is_replaced) over newest_first as is_current_replaced
    from dated
    window newest_first as (
        partition by source, row_key
        order by
            is_replaced,
            coalesce(version, newest_version) desc nulls last,
            batch_place desc,
            batch_id desc,
            line desc,
            entry desc
    )
),

judged as (
    select
        batch_id,
        line,
        entry,
        case
            when place > 1 and content = current_content and not is_current_replaced then 'duplicate'
            when place > 1 or is_replaced then 'replaced'
            when rule is not null then rule
            when order_id is null then 'missing_order'
            when ordered_at is null then 'missing_time'
            when amount is null then 'missing_amount'
            when customer_key is null then 'missing_customer'
            else 'accepted'
        end as verdict,
        source,
        order_id,
        row_key
    from ranked
),

withdrawn as (
    select
        batch_id,
        line,
        entry,
        'withdrawn' as verdict,
        source,
        order_id,
        row_key
    from lines
    where is_withdrawn
),

final as (
    select * from judged
    union all
    select * from withdrawn
)

select
    batch_id,
    line,
    entry,
    verdict,
    ops.group_hash('order', source, order_id) as order_hash,
    ops.group_hash('row', source, row_key) as row_hash
from final
