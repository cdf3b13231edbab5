{{ config(indexes=[{'columns': ['order_key']}, {'columns': ['customer_key']}]) }}

with

lines as not materialized (
    {{ rows_of_persons(ref('stg_order_lines')) | indent(4) }}
),

orders as (select * from {{ ref('int_orders') }}),

refunds as (
    select
        *,
        source || ':' || row_key as refund_key,
        {{ order_key('source', 'refund_of') }} as stated_order_key,
        {{ order_key('source', 'refund_of', 'account_key') }} as stated_customer_order_key
    from lines
    where is_refund
),

bought as not materialized (select * from lines where not is_refund),

-- The latest order before the refund in which the same customer bought the same product.
last_purchases as (
    select distinct on (refunds.refund_key)
        refunds.refund_key,
        bought.order_key
    from refunds
    inner join bought
        on
            refunds.customer_key = bought.customer_key
            and refunds.product_id = bought.product_id
            and refunds.ordered_at > bought.ordered_at
    order by refunds.refund_key, bought.ordered_at desc, bought.order_key desc
),

candidates as (
    select
        refunds.*,
        coalesce(stated.order_key, customers_own.order_key) as stated_key,
        same.order_key as same_key,
        last_purchases.order_key as product_key
    from refunds
    left join orders as stated
        on refunds.stated_order_key = stated.order_key and refunds.customer_key = stated.customer_key
    left join orders as customers_own
        on
            refunds.stated_customer_order_key = customers_own.order_key
            and refunds.customer_key = customers_own.customer_key
    left join orders as same
        on refunds.order_key = same.order_key and refunds.customer_key = same.customer_key
    left join last_purchases on refunds.refund_key = last_purchases.refund_key
),

final as (
    select
        refund_key,
        coalesce(stated_key, same_key, product_key) as order_key,
        case
            when stated_key is not null then 'stated'
            when same_key is not null then 'same_order'
            when product_key is not null then 'last_purchase'
            else 'none'
        end as link,
        order_key as refund_order_key,
        customer_key,
        ordered_at as refunded_at,
        ordered_on as refunded_on,
        amount,
        amount + abs(cost) as known_profit,
        case when cost is null then amount else 0 end as revenue_without_cost,
        product_id,
        channel,
        country
    from candidates
)

select * from final
