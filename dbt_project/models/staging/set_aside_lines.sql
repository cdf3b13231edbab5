{{ config(schema='quarantine', indexes=[{'columns': ['batch_id']}]) }}

with

lines as (select * from {{ source('raw', 'order_lines') }}),

verdicts as (select * from {{ ref('stg_line_verdicts') }}),

spend_verdicts as (select * from {{ ref('stg_spend_verdicts') }}),

kind_verdicts as (select * from {{ ref('stg_kind_verdicts') }}),

final as (
    select
        lines._source as source,
        lines._row_key as row_key,
        lines._batch_id as batch_id,
        lines._line as line,
        lines._entry as entry,
        verdicts.verdict as reason,
        lines.order_id,
        lines.customer_key,
        lines.ordered_at,
        lines.amount,
        lines.product_id,
        lines.status
    from lines
    inner join verdicts
        on
            lines._batch_id = verdicts.batch_id
            and lines._line = verdicts.line
            and lines._entry = verdicts.entry
    where verdicts.verdict not in ('accepted', 'duplicate')
    union all
    select
        source,
        concat_ws('|', day, channel, campaign) as row_key,
        batch_id,
        line,
        0::smallint as entry,
        verdict as reason,
        null as order_id,
        null as customer_key,
        day as ordered_at,
        amount,
        null as product_id,
        null as status
    from spend_verdicts
    where verdict not in ('accepted', 'duplicate')
    union all
    select
        source,
        concat_ws('|', batch_id, line) as row_key,
        batch_id,
        line,
        0::smallint as entry,
        verdict as reason,
        null as order_id,
        null as customer_key,
        null as ordered_at,
        null as amount,
        null as product_id,
        null as status
    from kind_verdicts
    where verdict not in ('accepted', 'duplicate')
)

select * from final
