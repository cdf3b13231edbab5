{#- In parallel, workers would hand over every row whole, which takes longer than to make it. -#}
{{ config(
    pre_hook='set local max_parallel_workers_per_gather = 0',
    indexes=[{'columns': ['customer_key', 'product_id']}],
) }}

with

lines as not materialized (select * from {{ source('raw', 'order_lines') }}),

batches as (select * from {{ ref('stg_batches') }}),

verdicts as (select * from {{ ref('stg_line_verdicts') }}),

line_rates as (select * from {{ ref('stg_line_rates') }}),

-- Every row of these batches has a verdict. Those that do not count are fewer.
accepted as not materialized (
    select
        lines.*,
        ops.group_hash('order', lines._source, lines.order_id) as order_hash
    from lines
    inner join batches on lines._batch_id = batches.batch_id
    left join verdicts
        on
            lines._batch_id = verdicts.batch_id
            and lines._line = verdicts.line
            and lines._entry = verdicts.entry
            and verdicts.verdict <> 'accepted'
    where verdicts.batch_id is null
),

-- Rows that do not count are among these, so that their verdicts need not be looked up.
order_customers as (
    select distinct
        ops.group_hash('order', _source, order_id) as order_hash,
        customer_key
    from lines
),

shared_orders as (
    select order_hash
    from order_customers
    group by order_hash
    having count(*) > 1
),

-- In some shops order ids repeat for each customer or day, so one order_id belongs to several orders. The customer who
-- had it first keeps the plain key, so that rows dated later never change the keys of earlier ones.
numbered_customers as (
    select
        accepted._source,
        accepted.order_id,
        accepted.customer_key,
        row_number() over (
            partition by accepted._source, accepted.order_id
            order by min(accepted.ordered_at), accepted.customer_key
        ) as place
    from accepted
    inner join shared_orders on accepted.order_hash = shared_orders.order_hash
    group by accepted._source, accepted.order_id, accepted.customer_key
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
        {{ at_rate_of_day('lines.amount') }} as amount,
        lines.quantity,
        {{ at_rate_of_day('lines.unit_price') }} as unit_price,
        {{ at_rate_of_day('lines.discount') }} as discount,
        {{ at_rate_of_day('lines.cost') }} as cost,
        lines.product_id,
        lines.product_name,
        lines.category,
        lines.channel,
        lines.country,
        lines.status,
        -- What is paid back of an order without revenue has an amount of 0.
        lines.amount < 0
        or (lines.amount = 0 and lines._entry = 1 and coalesce(lines.stated_amount, 0) < 0) as is_refund,
        lines.refund_of,
        lines.campaign,
        lines.discount_code,
        lines.may_contact,
        {{ at_rate_of_day('lines.stated_amount') }} as stated_amount,
        {{ at_rate_of_day('lines.tax') }} as tax,
        {{ at_rate_of_day('lines.shipping') }} as shipping,
        {{ at_rate_of_day('lines.tip') }} as tip,
        {{ at_rate_of_day('lines.gift_card') }} as gift_card,
        {{ at_rate_of_day('lines.discount_off') }} as discount_off
    from accepted as lines
    left join later_customers
        on
            lines._source = later_customers._source
            and lines.order_id = later_customers.order_id
            and lines.customer_key = later_customers.customer_key
    left join line_rates
        on
            lines._batch_id = line_rates.batch_id
            and lines._line = line_rates.line
            and lines._entry = line_rates.entry
)

select * from final
