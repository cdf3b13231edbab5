{#-
  A build writes only the differences from the state before. So the lines of a published run stay complete while
  staging is rebuilt, and need not be copied for each run.
-#}
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['batch_id', 'line', 'entry', 'from_state'],
    on_schema_change='append_new_columns',
    full_refresh=false,
    indexes=[{'columns': ['order_key']}, {'columns': ['customer_key']}],
) }}

{%- set columns = [
    'order_key', 'refunded_order_key', 'refunded_order_on', 'customer_key', 'is_refund', 'ordered_at', 'product_id',
    'product_name', 'category', 'quantity', 'unit_price', 'discount', 'cost', 'amount', 'channel', 'country', 'campaign',
    'discount_code', 'stated_amount', 'tax', 'shipping', 'tip', 'gift_card', 'discount_off',
] %}

with

lines as (
    {{ rows_of_persons(ref('stg_order_lines')) | indent(4) }}
),

refunds as (select * from {{ ref('int_refunds') }}),

orders as (select * from {{ ref('int_orders') }}),

standing as (
    select
        lines.batch_id,
        lines.line,
        lines.entry,
        lines.order_key,
        orders.order_key as refunded_order_key,
        orders.ordered_on as refunded_order_on,
        lines.customer_key,
        lines.is_refund,
        lines.ordered_at,
        lines.product_id,
        lines.product_name,
        lines.category,
        case when lines.is_refund then -abs(lines.quantity) else lines.quantity end as quantity,
        lines.unit_price,
        case when not lines.is_refund then abs(lines.discount) end as discount,
        case when lines.is_refund then -abs(lines.cost) else abs(lines.cost) end as cost,
        lines.amount,
        lines.channel,
        lines.country,
        lines.campaign,
        lines.discount_code,
        lines.stated_amount,
        lines.tax,
        lines.shipping,
        lines.tip,
        lines.gift_card,
        lines.discount_off
    from lines
    left join refunds on lines.is_refund and lines.source || ':' || lines.row_key = refunds.refund_key
    left join orders on refunds.order_key = orders.order_key
),

{{ versions_of_standing(['batch_id', 'line', 'entry'], columns) }}

select * from final
