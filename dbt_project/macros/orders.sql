{#
  The key of an order across sources. If several customers have an order with the same order_id, the keys of all but
  the first customer's order end in the customer's key.
#}
{% macro order_key(source, order_id, customer_key=none) %}
{{- source }} || ':' || {{ order_id }}{% if customer_key %} || ':' || {{ customer_key }}{% endif -%}
{% endmacro %}

{#
  One row per order, from a relation with one row per order_key and day. Amounts are summed; attributes are those of
  the first day.
  at: a column of the relation, if an order has several rows, each from days of its own.
#}
{% macro orders_of_days(days, at=none) %}
    select
        order_key,
        customer_key,
        {%- if at %}
        {{ at }},
        {%- endif %}
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
    from {{ days }}
    group by order_key, customer_key{{ ', ' ~ at if at }}
{% endmacro %}
