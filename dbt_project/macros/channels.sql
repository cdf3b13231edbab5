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
