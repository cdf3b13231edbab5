{#
  A customer's reasons with the effects of the table that shows them, and the sum of these effects; columns of a query
  of the JSON objects `listed.reason`, in the order of `listed.place`.
  factor: SQL that converts the effect of a reason, such as `* 2`.
#}
{% macro reasons_with_effects(factor='') -%}
    {%- set effect = "round((listed.reason -> 'effect')::numeric " ~ factor ~ ", 2)" -%}
    jsonb_agg(jsonb_set(listed.reason, '{effect}', to_jsonb({{ effect }})) order by listed.place) as reasons,
    sum({{ effect }}) as effect
{%- endmacro %}
