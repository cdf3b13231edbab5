{#-
  Reads the state of intermediate that the run is built from, so it is built together with the features. Shops without
  payments, shipments, returns and products have no rows here, so that most shops copy nothing for each run.
-#}
with

given as (
    select
        order_source,
        order_id,
        fee as payment_fee,
        null::numeric as shipping_cost,
        null::numeric as return_cost
    from {{ ref('int_payments') }}
    where
        fee is not null
        and state = 'paid'
        and (paid_on < date '{{ given("as_of_date") }}' or paid_on is null)
    union all
    select
        order_source,
        order_id,
        null as payment_fee,
        cost as shipping_cost,
        null as return_cost
    from {{ ref('int_shipments') }}
    where cost is not null and shipped_on < date '{{ given("as_of_date") }}'
    union all
    select
        order_source,
        order_id,
        null as payment_fee,
        null as shipping_cost,
        cost as return_cost
    from {{ ref('int_returns') }}
    where cost is not null and returned_on < date '{{ given("as_of_date") }}'
),

products as (select * from {{ ref('int_products') }} where cost is not null),

-- Without any cost, the lines need not be read.
stated as (
    select exists (select 1 from given) or exists (select 1 from products) as is_any
),

runs as (
    select *
    from {{ ref('order_line_states') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

versions as (select * from {{ ref('int_order_line_versions') }}),

-- As fct_order_lines has them, which a backtest's database does not have.
lines as (
    select
        case
            when versions.refunded_order_on < runs.as_of_date then versions.refunded_order_key
            else versions.order_key
        end as order_key,
        versions.customer_key,
        versions.batch_id,
        versions.line,
        versions.entry,
        versions.is_refund,
        versions.ordered_at::date as ordered_on,
        versions.product_id,
        versions.quantity,
        versions.amount,
        versions.cost
    from runs
    inner join versions
        on
            runs.state >= versions.from_state
            and (runs.state < versions.until_state or versions.until_state is null)
            and runs.as_of_date > versions.ordered_at
    where (select stated.is_any from stated)
),

given_orders as (
    select
        order_source,
        order_id,
        sum(payment_fee) as payment_fee,
        sum(shipping_cost) as shipping_cost,
        sum(return_cost) as return_cost
    from given
    group by order_source, order_id
),

-- A refund may be of another customer id of the same person.
order_ids as (
    select
        order_key,
        (array_agg(customer_key order by is_refund))[1] as customer_key,
        split_part(order_key, ':', 1) as source,
        substring(order_key from position(':' in order_key) + 1) as order_id
    from lines
    group by order_key
),

-- An id that two sources have says nothing without the source.
matched as (
    select
        given_orders.order_source,
        given_orders.order_id,
        min(order_ids.order_key) as order_key
    from given_orders
    inner join order_ids
        on
            given_orders.order_id = order_ids.order_id
            and (given_orders.order_source = order_ids.source or given_orders.order_source is null)
    group by given_orders.order_source, given_orders.order_id
    having count(*) = 1
),

-- The cost of a product on the day of the line. What is returned takes its cost back. A refund that is a part of its
-- line takes the same share.
costed as (
    select
        lines.order_key,
        lines.amount,
        (case when lines.is_refund then -1 else 1 end) * abs(coalesce(lines.quantity, 1)) * products.cost as cost
    from lines
    inner join products
        on
            lines.product_id = products.product_id
            and lines.ordered_on >= products.valid_from
            and (lines.ordered_on < products.valid_until or products.valid_until is null)
    where lines.cost is null
    union all
    select
        refunds.order_key,
        refunds.amount,
        round(
            abs(coalesce(lines.quantity, 1)) * products.cost * greatest(refunds.amount / nullif(lines.amount, 0), -1), 4
        ) as cost
    from lines
    inner join products
        on
            lines.product_id = products.product_id
            and lines.ordered_on >= products.valid_from
            and (lines.ordered_on < products.valid_until or products.valid_until is null)
    inner join lines as refunds
        on lines.batch_id = refunds.batch_id and lines.line = refunds.line and lines.entry = 0 and refunds.entry = 1
    where lines.cost is null and refunds.cost is null and lines.amount > 0
),

of_products as (
    select
        order_key,
        sum(amount) as revenue_costed,
        sum(cost) as product_cost
    from costed
    group by order_key
),

parts as (
    select
        matched.order_key,
        given_orders.payment_fee,
        given_orders.shipping_cost,
        given_orders.return_cost,
        null::numeric as revenue_costed,
        null::numeric as product_cost
    from matched
    inner join given_orders
        on
            matched.order_id = given_orders.order_id
            and matched.order_source is not distinct from given_orders.order_source
    union all
    select
        order_key,
        null as payment_fee,
        null as shipping_cost,
        null as return_cost,
        revenue_costed,
        product_cost
    from of_products
),

sums as (
    select
        order_key,
        sum(payment_fee) as payment_fee,
        sum(shipping_cost) as shipping_cost,
        sum(return_cost) as return_cost,
        sum(revenue_costed) as revenue_costed,
        sum(product_cost) as product_cost
    from parts
    group by order_key
),

final as (
    select
        date '{{ given("as_of_date") }}' as as_of_date,
        '{{ given("run_id") }}'::text as run_id,
        sums.order_key,
        order_ids.customer_key,
        sums.payment_fee,
        sums.shipping_cost,
        sums.return_cost,
        sums.revenue_costed,
        sums.product_cost
    from sums
    inner join order_ids on sums.order_key = order_ids.order_key
)

select * from final
