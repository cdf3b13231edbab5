-- The orders of one run, worked out for its date alone: what fct_orders has to show.
with

order_days as (select * from intermediate.int_order_days),

refunds as (select * from intermediate.int_refunds),

settings as (select * from ops.settings),

known_days as (select * from order_days where day < %(day)s::date),

orders as (
    select
        order_key,
        customer_key,
        min(ordered_at) as ordered_at,
        min(day) as ordered_on,
        sum(gross_revenue) as gross_revenue,
        sum(known_profit) as known_profit,
        sum(revenue_without_cost) as revenue_without_cost,
        case when bool_and(cost is not null) then sum(cost) end as cost,
        sum(discount) as discount,
        sum(lines)::integer as lines,
        sum(items) as items,
        sum(products)::integer as products,
        (array_agg(main_category order by day))[1] as main_category,
        (array_agg(channel order by day))[1] as channel,
        (array_agg(country order by day))[1] as country,
        (array_agg(campaign order by day))[1] as campaign,
        (array_agg(discount_code order by day))[1] as discount_code,
        sum(tax) as tax,
        sum(shipping) as shipping,
        sum(tip) as tip,
        sum(gift_card) as gift_card
    from known_days
    group by order_key, customer_key

),

known_refunds as (
    select
        refunds.*,
        coalesce(orders.order_key, refunds.refund_order_key) as target_key
    from refunds
    left join orders on refunds.order_key = orders.order_key
    where refunds.refunded_on < %(day)s::date
),

refund_sums as (
    select
        target_key,
        customer_key,
        min(refunded_at) as refunded_at,
        min(refunded_on) as refunded_on,
        max(refunded_on) as last_refunded_on,
        sum(amount) as amount,
        sum(known_profit) as known_profit,
        sum(revenue_without_cost) as revenue_without_cost,
        min(channel) as channel,
        min(country) as country
    from known_refunds
    group by target_key, customer_key
),

numbered as (
    select
        order_key,
        row_number() over (partition by customer_key order by ordered_at, order_key) as order_number
    from orders
    where gross_revenue > 0
),

joined as (
    select
        coalesce(orders.order_key, refund_sums.target_key) as order_key,
        coalesce(orders.customer_key, refund_sums.customer_key) as customer_key,
        case
            when orders.order_key is null then 'refund_only'
            when orders.gross_revenue > 0 then 'order'
            else 'free'
        end as kind,
        coalesce(orders.ordered_on, refund_sums.refunded_on) as ordered_on,
        coalesce(orders.ordered_at, refund_sums.refunded_at) as ordered_at,
        coalesce(orders.discount, 0) as discount,
        refund_sums.refunded_on,
        refund_sums.last_refunded_on,
        coalesce(orders.gross_revenue, 0) as gross_revenue,
        coalesce(refund_sums.amount, 0) as refunds,
        coalesce(orders.known_profit, 0) + coalesce(refund_sums.known_profit, 0) as known_profit,
        coalesce(orders.revenue_without_cost, 0)
        + coalesce(refund_sums.revenue_without_cost, 0) as revenue_without_cost,
        coalesce(orders.items, 0) as items,
        coalesce(orders.channel, refund_sums.channel) as channel,
        coalesce(orders.country, refund_sums.country) as country,
        orders.main_category,
        orders.campaign,
        orders.discount_code,
        orders.tax,
        orders.shipping,
        orders.tip,
        orders.gift_card
    from orders
    full outer join refund_sums on orders.order_key = refund_sums.target_key
),

currency as (select value from settings where name = 'currency'),

final as (
    select
        %(day)s::date as as_of_date,
        %(run_id)s::text as run_id,
        joined.order_key,
        joined.customer_key,
        joined.kind,
        joined.ordered_on,
        joined.ordered_at,
        numbered.order_number::integer as order_number,
        currency.value as currency,
        round((joined.gross_revenue)::numeric, 2) as gross_revenue,
        round((joined.discount)::numeric, 2) as discount,
        round((joined.refunds)::numeric, 2) as refunds,
        joined.refunded_on,
        joined.last_refunded_on,
        round((joined.gross_revenue)::numeric, 2) + round((joined.refunds)::numeric, 2) as net_revenue,
        round((coalesce(joined.known_profit, 0) + coalesce(joined.revenue_without_cost, 0) * 1.0::numeric)::numeric, 2) as profit,
        joined.items,
        joined.channel,
        joined.country,
        joined.main_category,
        joined.campaign,
        joined.discount_code,
        round(joined.tax, 2) as tax,
        round(joined.shipping, 2) as shipping,
        round(joined.tip, 2) as tip,
        round(joined.gift_card, 2) as gift_card,
        0.00 as payment_fee,
        0.00 as shipping_cost,
        0.00 as return_cost
    from joined
    left join numbered on joined.order_key = numbered.order_key
    left join currency on true
)

select * from final
