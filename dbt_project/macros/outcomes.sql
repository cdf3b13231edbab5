{#
  What a customer's days in a window come to, as int_outcome_days tells of each. The counterpart of clv/catalog/outcomes.py.
  inside: a condition that is true of the days of the window.
#}
{% macro purchases_within(inside) -%}
    coalesce(sum(is_purchase_day::integer) filter (where {{ inside }}), 0)
{%- endmacro %}


{# Money of the window, refunds subtracted; what is given back beyond it is no negative outcome. #}
{% macro revenue_within(inside) -%}
    greatest(coalesce(sum(net_revenue) filter (where {{ inside }}), 0), 0)
{%- endmacro %}
