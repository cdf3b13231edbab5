{{ config(indexes=[{'columns': ['customer_key', 'product_id']}]) }}

with

lines as (select * from {{ source('raw', 'order_lines') }}),

verdicts as (select * from {{ ref('stg_line_verdicts') }}),

final as (
    select
        lines._source as source,
        lines._row_key as row_key,
        lines._batch_id as batch_id,
        lines._line as line,
        lines._source || ':' || lines.order_id as order_key,
        lines.order_id,
        lines.customer_key,
        lines.ordered_at,
        lines.ordered_at::date as ordered_on,
        lines.amount,
        lines.quantity,
        lines.unit_price,
        lines.discount,
        lines.cost,
        lines.product_id,
        lines.product_name,
        lines.category,
        lines.channel,
        lines.country,
        lines.status,
        lines.amount < 0 as is_refund,
        lines.refund_of
    from lines
    inner join verdicts on lines._batch_id = verdicts.batch_id and lines._line = verdicts.line
    where verdicts.verdict = 'accepted'
)

select * from final
