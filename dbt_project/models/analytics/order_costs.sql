{#-
  Reads the state of intermediate that the run is built from, so it is built together with the features. Shops without
  payments, shipments, returns and products have no rows here, so that most shops copy nothing for each run.
-#}
with

{{ orders_of_run() }}

given as (
    select
        batch_id,
        line,
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
        batch_id,
        line,
        order_source,
        order_id,
        null as payment_fee,
        cost as shipping_cost,
        null as return_cost
    from {{ ref('int_shipments') }}
    where cost is not null and shipped_on < date '{{ given("as_of_date") }}'
    union all
    select
        batch_id,
        line,
        order_source,
        order_id,
        null as payment_fee,
        null as shipping_cost,
        cost as return_cost
    from {{ ref('int_returns') }}
    where cost is not null and returned_on < date '{{ given("as_of_date") }}'
),

products as (select * from {{ ref('int_products') }} where cost is not null),

versions as not materialized (select * from {{ ref('int_order_line_versions') }}),

-- As fct_order_lines has them, a view that the set-up makes. Without a cost of a product, no line is read.
lines as (
    select
        {{ order_of_line('states', 'versions') }} as order_key,
        versions.batch_id,
        versions.line,
        versions.entry,
        versions.is_refund,
        versions.ordered_at::date as ordered_on,
        versions.product_id,
        versions.quantity,
        versions.unit_price,
        versions.amount,
        versions.cost
    from {{ lines_of_runs('states', 'versions') }}
    where exists (select from products)
),

matched as (
    {{ rows_of_orders('given') | indent(4) }}
),

valued as (
    {{ worth_of_lines('lines') | indent(4) }}
),

-- The cost of a product on the day of the line. What is returned takes its cost back.
product_lines as (
    select
        valued.*,
        (case when valued.is_refund then -1 else 1 end) * abs(coalesce(valued.quantity, 1)) * products.cost
            as product_cost
    from valued
    inner join products on {{ is_of_day('products', 'valued') }}
    where valued.cost is null
),

-- What a refund may be a part of: a line, or the whole order if one line has its amount.
refundable as (
    select
        batch_id,
        order_key,
        case when not is_shared then line end as line,
        sum(worth) as worth,
        sum(product_cost) as product_cost
    from product_lines
    where entry = 0 and not is_refund
    group by batch_id, order_key, case when not is_shared then line end
),

refunds as (
    select
        refunds.batch_id,
        refunds.order_key as refunded_order_key,
        lines.order_key,
        case when not lines.is_shared then lines.line end as line,
        refunds.amount / case when lines.is_shared then lines.order_amount else lines.amount end as share
    from valued as refunds
    inner join valued as lines
        on refunds.batch_id = lines.batch_id and refunds.line = lines.line and refunds.entry = 1 and lines.entry = 0
    where
        lines.cost is null
        and refunds.cost is null
        and case when lines.is_shared then lines.order_amount else lines.amount end > 0
),

costed as (
    select
        order_key,
        worth as amount,
        product_cost as cost
    from product_lines
    union all
    select
        refunds.refunded_order_key as order_key,
        refunds.share * refundable.worth as amount,
        round(refundable.product_cost * greatest(refunds.share, -1), 4) as cost
    from refunds
    inner join refundable
        on
            refunds.batch_id = refundable.batch_id
            and refunds.order_key = refundable.order_key
            and refunds.line is not distinct from refundable.line
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
        order_key,
        payment_fee,
        shipping_cost,
        return_cost,
        null::numeric as revenue_costed,
        null::numeric as product_cost
    from matched
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
        orders.customer_key,
        sums.payment_fee,
        sums.shipping_cost,
        sums.return_cost,
        sums.revenue_costed,
        sums.product_cost
    from sums
    inner join orders on sums.order_key = orders.order_key
)

select * from final
