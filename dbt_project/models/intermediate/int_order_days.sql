{{ config(indexes=[{'columns': ['customer_key']}]) }}

with

lines as (
    {{ rows_of_persons(ref('stg_order_lines')) | indent(4) }}
),

bought as (select * from lines where not is_refund),

final as (
    select
        order_key,
        customer_key,
        ordered_on as day,
        min(ordered_at) as ordered_at,
        sum(amount) as gross_revenue,
        sum(amount - abs(cost)) as known_profit,
        coalesce(sum(amount) filter (where cost is null), 0) as revenue_without_cost,
        case when bool_and(cost is not null) then sum(abs(cost)) end as cost,
        coalesce(sum(abs(discount)), 0) as discount,
        count(*)::integer as lines,
        coalesce(sum(quantity), 0) as items,
        count(distinct product_id)::integer as products,
        mode() within group (order by category) as main_category,
        min(channel) as channel,
        min(country) as country,
        min(campaign) as campaign,
        min(discount_code) as discount_code,
        sum(tax) as tax,
        sum(shipping) as shipping,
        sum(tip) as tip,
        sum(gift_card) as gift_card
    from bought
    group by order_key, customer_key, ordered_on
)

select * from final
