{#- A view on existing tables: most orders are the same for every run, and are not copied for each. -#}
{{ config(materialized='published_view', contract={'enforced': false}) }}

with

states as (select * from {{ ref('order_line_states').render() }}),

versions as (select * from {{ ref('int_order_versions').render() }}),

given as (select * from {{ ref('order_costs').render() }}),

earlier_runs as (select * from {{ source('analytics_runs', 'orders_of_earlier_runs').render() }}),

built_again as (select * from {{ ref('order_line_states').render() }} where gross_margin is not null),

of_runs as (
    select
        states.as_of_date,
        states.run_id,
        states.currency,
        states.gross_margin,
        coalesce(states.payment_fee_rate, 0) as payment_fee_rate,
        coalesce(states.payment_fee_fixed, 0) as payment_fee_fixed,
        coalesce(states.shipping_cost, 0) as cost_of_shipping,
        coalesce(states.return_cost, 0) as cost_of_return,
        versions.*,
        versions.gross_revenue + coalesce(versions.tax, 0) + coalesce(versions.shipping, 0) + coalesce(versions.tip, 0)
            as paid,
        given.payment_fee as payment_fee_given,
        given.shipping_cost as shipping_cost_given,
        given.return_cost as return_cost_given,
        coalesce(given.revenue_costed, 0) as revenue_costed,
        coalesce(given.product_cost, 0) as product_cost
    from {{ orders_of_runs('states', 'versions') }}
    left join given
        on
            states.as_of_date = given.as_of_date
            and states.run_id = given.run_id
            and versions.order_key = given.order_key
),

-- Customers pay tax, shipping and tips too. A gift card bears its fee once, with the goods that it pays. Providers keep
-- their fee when an order is refunded.
costed as (
    select
        *,
        {{ money(
            "coalesce(payment_fee_given, case when paid > 0 then payment_fee_rate * paid + payment_fee_fixed else 0 end)"
        ) }} as payment_fee,
        {{ money(
            "coalesce(shipping_cost_given, case when kind <> 'refund_only' "
            "and (gross_revenue > 0 or coalesce(gift_card, 0) = 0) then cost_of_shipping else 0 end)"
        ) }} as shipping_cost,
        {{ money(
            "coalesce(return_cost_given, case when refunds < 0 then cost_of_return else 0 end)"
        ) }} as return_cost
    from of_runs
),

final as (
    select
        as_of_date,
        run_id,
        order_key,
        customer_key,
        kind,
        ordered_on,
        ordered_at,
        order_number,
        currency,
        gross_revenue,
        discount,
        refunds,
        refunded_on,
        last_refunded_on,
        (gross_revenue + refunds)::numeric(18, 2) as net_revenue,
        (
            {{ money(profit(
                'known_profit + revenue_costed - product_cost',
                '(revenue_without_cost - revenue_costed)',
                'gross_margin'
            )) }}
            - payment_fee - shipping_cost - return_cost
        )::numeric(18, 2) as profit,
        items,
        channel,
        country,
        main_category,
        campaign,
        discount_code,
        tax,
        shipping,
        tip,
        gift_card,
        payment_fee::numeric(18, 2) as payment_fee,
        shipping_cost::numeric(18, 2) as shipping_cost,
        return_cost::numeric(18, 2) as return_cost
    from costed
    union all
    select
        earlier_runs.as_of_date,
        earlier_runs.run_id,
        earlier_runs.order_key,
        earlier_runs.customer_key,
        earlier_runs.kind,
        earlier_runs.ordered_on,
        earlier_runs.ordered_at,
        earlier_runs.order_number,
        earlier_runs.currency,
        earlier_runs.gross_revenue,
        earlier_runs.discount,
        earlier_runs.refunds,
        earlier_runs.refunded_on,
        earlier_runs.last_refunded_on,
        earlier_runs.net_revenue,
        earlier_runs.profit,
        earlier_runs.items,
        earlier_runs.channel,
        earlier_runs.country,
        earlier_runs.main_category,
        earlier_runs.campaign,
        earlier_runs.discount_code,
        null::numeric(18, 2) as tax,
        null::numeric(18, 2) as shipping,
        null::numeric(18, 2) as tip,
        null::numeric(18, 2) as gift_card,
        0::numeric(18, 2) as payment_fee,
        0::numeric(18, 2) as shipping_cost,
        0::numeric(18, 2) as return_cost
    from earlier_runs
    where not exists (
        select from built_again
        where earlier_runs.as_of_date = built_again.as_of_date and earlier_runs.run_id = built_again.run_id
    )
)

select * from final
