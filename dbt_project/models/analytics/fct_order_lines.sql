{#- A view on existing tables: there are many lines, and copying them for each run would take longer than the run. -#}
{{ config(materialized='published_view', contract={'enforced': false}) }}

with

states as (select * from {{ ref('order_line_states').render() }}),

versions as (select * from {{ ref('int_order_line_versions').render() }}),

final as (
    select
        states.as_of_date,
        states.run_id,
        versions.batch_id,
        versions.line,
        versions.entry,
        {{ order_of_line('states', 'versions') }} as order_key,
        versions.customer_key,
        versions.is_refund,
        versions.ordered_at::date as ordered_on,
        versions.ordered_at,
        versions.product_id,
        versions.product_name,
        versions.category,
        versions.quantity,
        versions.unit_price,
        case when not versions.is_refund then versions.amount + coalesce(versions.discount, 0) end
            as amount_before_discount,
        versions.discount,
        versions.amount,
        versions.cost,
        versions.channel,
        versions.country,
        versions.campaign,
        versions.discount_code,
        coalesce(versions.stated_amount, versions.amount) as stated_amount,
        versions.tax,
        versions.shipping,
        versions.tip,
        versions.gift_card,
        versions.discount_off
    from {{ lines_of_runs('states', 'versions') }}
)

select * from final
