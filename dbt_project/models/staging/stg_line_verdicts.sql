{#- Rows that were just copied in have no statistics yet, and a plan made without them can take hours. -#}
{{ config(
    indexes=[{'columns': ['batch_id', 'line'], 'unique': true}],
    pre_hook="select ops.take_statistics('{{ source('raw', 'order_lines').render() }}')",
) }}

with

batches as (select * from {{ ref('stg_batches') }}),

order_lines as not materialized (select * from {{ source('raw', 'order_lines') }}),

lines as not materialized (
    select
        lines._batch_id as batch_id,
        lines._line as line,
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
        batches.is_withdrawn
    from order_lines as lines
    inner join batches on lines._batch_id = batches.batch_id
),

-- Batches of a file that came more than once
redelivered as (
    select
        batch_id,
        source,
        file_name,
        count(*) over (partition by source, file_name) as deliveries
    from batches
    where not is_withdrawn
),

redelivered_sales as (
    select
        lines.batch_id,
        lines.line,
        lines.order_id,
        lines.customer_key,
        lines.row_key,
        lines.batch_place,
        redelivered.source,
        redelivered.file_name,
        case
            when
                lines.rule is null
                and lines.amount > 0
                and lines.ordered_at is not null
                and lines.customer_key is not null
                then lines.batch_place
        end as sold_in
    from lines
    inner join redelivered on lines.batch_id = redelivered.batch_id
    where redelivered.deliveries > 1 and lines.order_id is not null
),

-- A delivery says anew what a customer's order is only if it has a sale of it: refunds alone replace nothing. Rows
-- without a customer count for nobody: a sale of their order by anyone replaces them.
redelivered_lines as (
    select
        batch_id,
        line,
        case
            when customer_key is null then max(sold_in) over (partition by source, file_name, order_id)
            else max(sold_in) over (partition by source, file_name, order_id, customer_key)
        end as newest_of_order,
        max(batch_place) over (partition by source, file_name, row_key) as newest_of_row
    from redelivered_sales
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
    left join dropped on lines.batch_id = dropped.batch_id and lines.line = dropped.line
    where not lines.is_withdrawn and dropped.batch_id is null
),

ranked as (
    select
        *,
        row_number() over newest_first as place,
        first_value(content) over newest_first as current_content
    from standing
    window newest_first as (
        partition by source, row_key
        order by version desc nulls last, batch_place desc, batch_id desc, line desc
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
        batch_id,
        line,
        'withdrawn' as verdict
    from lines
    where is_withdrawn
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
