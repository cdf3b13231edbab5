with

products as (
    select *
    from {{ ref('product_sales') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

states as (
    select *
    from {{ ref('order_line_states') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

-- Without products, no line, order or customer is read.
lines as not materialized (
    select *
    from {{ ref('fct_order_lines') }}
    where
        as_of_date = date '{{ given("as_of_date") }}'
        and run_id = '{{ given("run_id") }}'
        and exists (select from products)
),

valued as not materialized (
    {{ worth_of_lines('lines') | indent(4) }}
),

first_orders as not materialized (
    select *
    from {{ ref('fct_orders') }}
    where
        as_of_date = date '{{ given("as_of_date") }}'
        and run_id = '{{ given("run_id") }}'
        and order_number = 1
        and exists (select from products)
),

customers as not materialized (
    select *
    from {{ ref('customer_clv') }}
    where
        as_of_date = date '{{ given("as_of_date") }}'
        and run_id = '{{ given("run_id") }}'
        and exists (select from products)
),

-- Each product counts for itself and for its category.
members as (
    select
        products.product_id,
        named.level,
        named.id
    from products
    cross join lateral (values ('product', products.product_id), ('category', products.category)) as named (level, id)
    where named.id is not null
),

described as (
    select
        members.level,
        members.id,
        count(*) as products,
        min(products.product_name) as product_name,
        min(products.category) as category,
        min(products.price) as price,
        min(products.unit_cost) as unit_cost,
        sum(products.stock) as stock,
        case when bool_and(products.cost is not null) then sum(products.cost) end as cost,
        sum(products.items_returned) as items_returned
    from members
    inner join products on members.product_id = products.product_id
    group by members.level, members.id
),

sold as (
    select
        members.level,
        members.id,
        count(distinct lines.customer_key) filter (where not lines.is_refund) as customers,
        count(distinct lines.order_key) filter (where not lines.is_refund) as orders,
        sum(lines.quantity) filter (where not lines.is_refund) as items,
        sum(lines.worth) as revenue
    from valued as lines
    inner join members on lines.product_id = members.product_id
    group by members.level, members.id
),

first_buyers as (
    select distinct
        members.level,
        members.id,
        first_orders.customer_key,
        first_orders.net_revenue as first_revenue
    from lines
    inner join members on lines.product_id = members.product_id
    inner join first_orders on lines.order_key = first_orders.order_key
    where not lines.is_refund
),

later as (
    select
        first_buyers.level,
        first_buyers.id,
        count(*) as first_time_customers,
        avg(customers.historic_revenue - first_buyers.first_revenue) as later_revenue,
        avg(customers.predicted_clv) as predicted_clv
    from first_buyers
    inner join customers on first_buyers.customer_key = customers.customer_key
    group by first_buyers.level, first_buyers.id
),

final as (
    select
        states.as_of_date,
        states.run_id,
        described.level,
        described.id,
        case when described.level = 'product' then described.product_name end as product_name,
        described.category,
        states.currency,
        described.products::integer as products,
        case when described.level = 'product' then {{ money('described.price') }} end as price,
        case when described.level = 'product' then {{ money('described.unit_cost') }} end as unit_cost,
        described.stock,
        coalesce(sold.customers, 0)::integer as customers,
        coalesce(sold.orders, 0)::integer as orders,
        coalesce(sold.items, 0) as items,
        {{ money('coalesce(sold.revenue, 0)') }} as revenue,
        {{ money('described.cost') }} as cost,
        {{ money('sold.revenue') }} - {{ money('described.cost') }} as margin,
        described.items_returned,
        round(described.items_returned / nullif(sold.items, 0), 4) as share_returned,
        coalesce(later.first_time_customers, 0)::integer as first_time_customers,
        {{ money('later.later_revenue') }} as later_revenue_per_customer,
        {{ money('later.predicted_clv') }} as predicted_clv_per_customer
    from described
    left join sold on described.level = sold.level and described.id = sold.id
    left join later on described.level = later.level and described.id = later.id
    cross join states
)

select * from final
