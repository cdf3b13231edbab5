{{ config(indexes=[{'columns': ['customer_key']}]) }}

with

order_days as (select * from {{ ref('int_order_days') }}),

final as (
    {{ orders_of_days('order_days') | indent(4) }}
)

select
    order_key,
    customer_key,
    ordered_at,
    ordered_on,
    gross_revenue,
    cost,
    known_profit,
    revenue_without_cost,
    discount,
    lines,
    items,
    products,
    main_category,
    channel,
    country,
    campaign,
    discount_code,
    tax,
    shipping,
    tip,
    gift_card
from final
