-- Customers whose historic revenue is not the sum of their orders, rounded. Orders themselves are rounded to four
-- decimals, which only matters where amounts have more.
with

customers as (
    select *
    from {{ ref('customer_clv') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

orders as (
    select
        customer_key,
        sum(net_revenue) as net_revenue,
        count(*) as orders
    from {{ ref('fct_orders') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
    group by customer_key
)

select
    customers.customer_key,
    customers.historic_revenue,
    orders.net_revenue
from customers
full outer join orders on customers.customer_key = orders.customer_key
where
    abs(coalesce(customers.historic_revenue, 0) - coalesce(orders.net_revenue, 0))
    > 0.005 + 0.00005 * coalesce(orders.orders, 0)
