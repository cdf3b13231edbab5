{#
  The number of a customer's purchase days within a window, from int_outcome_days. clv/catalog/outcomes.py has the
  same definition in Python.
  inside: an SQL condition that is true for the days of the window.
#}
{% macro purchases_within(inside) -%}
    coalesce(sum(is_purchase_day::integer) filter (where {{ inside }}), 0)
{%- endmacro %}


{# A customer's net revenue within the window, at least 0: it is 0 if refunds exceed sales. #}
{% macro revenue_within(inside) -%}
    greatest(coalesce(sum(net_revenue) filter (where {{ inside }}), 0), 0)
{%- endmacro %}
