{#- Read once for all tables of customers, groups and sums. -#}
{%- set a_year_ago = "date '" ~ given("as_of_date") ~ "' - 365" -%}
with

orders as (
    select *
    from {{ ref('fct_orders') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

final as (
    select
        date '{{ given("as_of_date") }}' as as_of_date,
        '{{ given("run_id") }}'::text as run_id,
        customer_key,
        min(ordered_on) as first_on,
        min(ordered_on) filter (where kind = 'order') as first_order_on,
        max(order_number) as last_order_number,
        min(channel) filter (where order_number = 1) as first_channel,
        sum(net_revenue) as revenue,
        sum(profit) as profit,
        coalesce(sum(payment_fee + shipping_cost + return_cost), 0) as costs,
        count(*) filter (where kind = 'order' and ordered_on >= {{ a_year_ago }}) as orders_of_year,
        coalesce(sum(net_revenue) filter (where ordered_on >= {{ a_year_ago }}), 0) as revenue_of_year,
        coalesce(sum(profit) filter (where ordered_on >= {{ a_year_ago }}), 0) as profit_of_year,
        count(*) filter (
            where
            kind = 'order'
            and ordered_on >= {{ a_year_ago }} - 365
            and ordered_on < {{ a_year_ago }}
        ) as orders_of_year_before,
        array[
            {%- for days in var('horizons') %}
            sum(net_revenue) filter (
                where ordered_on >= {{ a_year_ago }} and ordered_on < {{ a_year_ago }} + {{ days }}
            ){{ ',' if not loop.last }}
            {%- endfor %}
        ] as revenue_of_horizons
    from orders
    group by customer_key
)

select * from final
