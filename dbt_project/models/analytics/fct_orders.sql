{#- A view on existing tables: most orders are the same for every run, and are not copied for each. -#}
{{ config(materialized='published_view', contract={'enforced': false}) }}

with

states as (select * from {{ ref('order_line_states').render() }}),

versions as (select * from {{ ref('int_order_versions').render() }}),

earlier_runs as (select * from {{ source('analytics_runs', 'orders_of_earlier_runs').render() }}),

built_again as (select * from {{ ref('order_line_states').render() }} where gross_margin is not null),

final as (
    select
        states.as_of_date,
        states.run_id,
        versions.order_key,
        versions.customer_key,
        versions.kind,
        versions.ordered_on,
        versions.ordered_at,
        versions.order_number,
        states.currency,
        versions.gross_revenue,
        versions.discount,
        versions.refunds,
        versions.refunded_on,
        versions.last_refunded_on,
        (versions.gross_revenue + versions.refunds)::numeric(18, 2) as net_revenue,
        ({{ money(
            profit('versions.known_profit', 'versions.revenue_without_cost', 'states.gross_margin')
        ) }})::numeric(18, 2) as profit,
        versions.items,
        versions.channel,
        versions.country,
        versions.main_category,
        versions.campaign,
        versions.discount_code,
        versions.tax,
        versions.shipping,
        versions.tip,
        versions.gift_card
    from states
    inner join versions
        on
            states.state >= versions.from_state
            and (states.state < versions.until_state or versions.until_state is null)
            and states.as_of_date >= versions.from_date
            and (states.as_of_date < versions.until_date or versions.until_date is null)
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
        null::numeric(18, 2) as gift_card
    from earlier_runs
    where not exists (
        select from built_again
        where earlier_runs.as_of_date = built_again.as_of_date and earlier_runs.run_id = built_again.run_id
    )
)

select * from final
