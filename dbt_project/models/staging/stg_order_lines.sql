{{ config(indexes=[{'columns': ['customer_key', 'product_id']}]) }}

with

lines as (select * from {{ source('raw', 'order_lines') }}),

verdicts as (select * from {{ ref('stg_line_verdicts') }}),

accepted as not materialized (
    select lines.*
    from lines
    inner join verdicts
        on
            lines._batch_id = verdicts.batch_id
            and lines._line = verdicts.line
            and lines._entry = verdicts.entry
    where verdicts.verdict = 'accepted'
),

order_customers as (
    select
        _source,
        order_id,
        customer_key,
        min(ordered_at) as first_at
    from accepted
    group by _source, order_id, customer_key
),

-- In some shops order ids repeat for each customer or day, so one order_id belongs to several orders. The customer who
-- had it first keeps the plain key, so that rows dated later never change the keys of earlier ones.
numbered_customers as (
    select
        *,
        row_number() over (partition by _source, order_id order by first_at, customer_key) as place
    from order_customers
),

later_customers as (select * from numbered_customers where place > 1),

final as (
    select
        lines._source as source,
        lines._row_key as row_key,
        lines._batch_id as batch_id,
        lines._line as line,
        lines._entry as entry,
        case
            when later_customers.place is null then {{ order_key('lines._source', 'lines.order_id') }}
            else {{ order_key('lines._source', 'lines.order_id', 'lines.customer_key') }}
        end as order_key,
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
        lines.refund_of,
        lines.campaign,
        lines.discount_code,
        lines.may_contact
    from accepted as lines
    left join later_customers
        on
            lines._source = later_customers._source
            and lines.order_id = later_customers.order_id
            and lines.customer_key = later_customers.customer_key
)

select * from final
