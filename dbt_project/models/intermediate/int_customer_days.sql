{{ config(indexes=[{'columns': ['day']}]) }}

with

lines as not materialized (select * from {{ ref('stg_order_lines') }}),

order_days as (select * from {{ ref('int_order_days') }}),

sums as (
    select
        customer_key,
        ordered_on as day,
        coalesce(sum(amount) filter (where amount > 0), 0) as gross_revenue,
        coalesce(sum(amount) filter (where amount < 0), 0) as refunds,
        sum(amount) as net_revenue,
        coalesce(sum(quantity) filter (where not is_refund), 0) as items,
        coalesce(sum(abs(discount)) filter (where not is_refund), 0) as discount,
        sum(amount - case when is_refund then -abs(cost) else abs(cost) end) as known_profit,
        coalesce(sum(amount) filter (where cost is null), 0) as revenue_without_cost
    from lines
    group by customer_key, ordered_on
),

-- An order of nothing is no purchase: an order counts on the first day that it brings money
paid_orders as (
    select
        customer_key,
        order_key,
        min(day) as day
    from order_days
    where gross_revenue > 0
    group by customer_key, order_key
),

order_counts as (
    select
        customer_key,
        day,
        count(*) as orders
    from paid_orders
    group by customer_key, day
),

first_products as (
    select
        customer_key,
        product_id,
        min(ordered_on) as day
    from lines
    where not is_refund and product_id is not null
    group by customer_key, product_id
),

new_products as (
    select
        customer_key,
        day,
        count(*) as new_products
    from first_products
    group by customer_key, day
),

first_categories as (
    select
        customer_key,
        category,
        min(ordered_on) as day
    from lines
    where not is_refund and category is not null
    group by customer_key, category
),

new_categories as (
    select
        customer_key,
        day,
        count(*) as new_categories
    from first_categories
    group by customer_key, day
),

-- A day counts as a purchase day by its own events alone, so it stays one whatever comes later
gaps as (
    select
        customer_key,
        day,
        day - lag(day) over (partition by customer_key order by day) as days_since_purchase
    from sums
    where net_revenue > 0
),

final as (
    select
        sums.customer_key,
        sums.day,
        coalesce(order_counts.orders, 0)::integer as orders,
        sums.gross_revenue,
        sums.refunds,
        sums.net_revenue,
        sums.items,
        sums.discount,
        sums.known_profit,
        sums.revenue_without_cost,
        coalesce(new_products.new_products, 0)::integer as new_products,
        coalesce(new_categories.new_categories, 0)::integer as new_categories,
        sums.net_revenue > 0 as is_purchase_day,
        gaps.days_since_purchase
    from sums
    left join order_counts on sums.customer_key = order_counts.customer_key and sums.day = order_counts.day
    left join new_products on sums.customer_key = new_products.customer_key and sums.day = new_products.day
    left join new_categories
        on sums.customer_key = new_categories.customer_key and sums.day = new_categories.day
    left join gaps on sums.customer_key = gaps.customer_key and sums.day = gaps.day
)

select * from final
