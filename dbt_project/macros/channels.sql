{#
  The run's rows of a relation. The query has no alias for the relation, because dbt adds one when it builds empty
  tables.
#}
{% macro rows_of_run(relation) -%}
    (
        select *
        from {{ relation }}
        where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
    )
{%- endmacro %}


{# The run's customers with their value, and the day, month and channel of their first order. #}
{% macro customers_by_channel() %}
    select
        customers.customer_key,
        customers.currency,
        customers.profit_basis,
        customers.orders_count,
        customers.historic_revenue,
        customers.historic_profit,
        customers.predicted_clv,
        customers.lifetime_clv,
        customers.segment,
        customers.value_tier,
        profiles.first_order_on as acquired_on,
        profiles.cohort_month,
        coalesce(profiles.first_channel, 'not known') as channel
    from {{ rows_of_run(ref('customer_clv')) }} as customers
    inner join {{ rows_of_run(ref('dim_customer')) }} as profiles on customers.customer_key = profiles.customer_key
{% endmacro %}


{#
  Profit of customers by whole months since the month of their first order, summed for each group.
  groups: columns of the CTE `acquired`. Rows dated before a customer's first order count in the month of that order.
#}
{% macro profit_by_month(groups) %}
    select
        {% for group in groups -%} {{ group }}, {% endfor %}
        greatest({{ months_between('first_month', 'ordered_on') }}, 0) as month_number,
        sum(profit) as profit
    from (
        select
            {% for group in groups -%} acquired.{{ group }}, {% endfor %}
            acquired.cohort_month as first_month,
            orders.ordered_on,
            sum(orders.profit) as profit
        from {{ rows_of_run(ref('fct_orders')) }} as orders
        inner join acquired on orders.customer_key = acquired.customer_key
        group by
            {% for group in groups -%} acquired.{{ group }}, {% endfor %}
            acquired.cohort_month,
            orders.ordered_on
    ) as days
    group by
        {% for group in groups -%} {{ group }}, {% endfor %}
        greatest({{ months_between('first_month', 'ordered_on') }}, 0)
{% endmacro %}
