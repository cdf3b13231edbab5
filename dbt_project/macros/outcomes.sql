{#
  A customer's purchases within a window, from int_outcome_days. clv/catalog/outcomes.py is the same in Python.
  inside: a condition that is true for the days of the window.
#}
{% macro purchases_within(inside) -%}
    coalesce(sum(is_purchase_day::integer) filter (where {{ inside }}), 0)
{%- endmacro %}


{# Net revenue within the window, and 0 where refunds exceed it. #}
{% macro revenue_within(inside) -%}
    greatest(coalesce(sum(net_revenue) filter (where {{ inside }}), 0), 0)
{%- endmacro %}
