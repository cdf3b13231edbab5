{#
  Rows for which a condition is false (null passes). slice: columns that are compared with the run's values of the
  same names.
#}
{% test holds(model, condition, slice=[]) %}

select *
from {{ model }}
where
    not ({{ condition }})
    {%- for column in slice %}
    and {{ column }} = '{{ given(column) }}'
    {%- endfor %}

{% endtest %}
