{{ config(indexes=[{'columns': ['day']}]) }}

with

lines as not materialized (
    {{ rows_of_persons(ref('stg_order_lines')) | indent(4) }}
),

order_days as (select * from {{ ref('int_order_days') }}),

outcome_days as (select * from {{ ref('int_outcome_days') }}),

-- An order counts on the first day on which its revenue is above 0, so an order of 0 is not a purchase.
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

baskets as (
    select
        customer_key,
        day,
        sum(items) as items,
        sum(discount) as discount
    from order_days
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

gaps as (
    select
        customer_key,
        day,
        day - lag(day) over (partition by customer_key order by day) as days_since_purchase
    from outcome_days
    where is_purchase_day
),

final as (
    select
        outcome_days.customer_key,
        outcome_days.day,
        coalesce(order_counts.orders, 0)::integer as orders,
        outcome_days.gross_revenue,
        outcome_days.refunds,
        outcome_days.net_revenue,
        coalesce(baskets.items, 0) as items,
        coalesce(baskets.discount, 0) as discount,
        outcome_days.known_profit,
        outcome_days.revenue_without_cost,
        coalesce(new_products.new_products, 0)::integer as new_products,
        coalesce(new_categories.new_categories, 0)::integer as new_categories,
        outcome_days.is_purchase_day,
        gaps.days_since_purchase
    from outcome_days
    left join order_counts
        on outcome_days.customer_key = order_counts.customer_key and outcome_days.day = order_counts.day
    left join baskets
        on outcome_days.customer_key = baskets.customer_key and outcome_days.day = baskets.day
    left join new_products
        on outcome_days.customer_key = new_products.customer_key and outcome_days.day = new_products.day
    left join new_categories
        on outcome_days.customer_key = new_categories.customer_key and outcome_days.day = new_categories.day
    left join gaps on outcome_days.customer_key = gaps.customer_key and outcome_days.day = gaps.day
)

select * from final
