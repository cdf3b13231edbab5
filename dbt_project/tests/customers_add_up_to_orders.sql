-- Customers whose historic revenue differs from the sum of their orders.
with

customers as (
    select *
    from {{ ref('customer_clv') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

orders as (
    select
        customer_key,
        sum(net_revenue) as net_revenue
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
where customers.historic_revenue is distinct from orders.net_revenue
