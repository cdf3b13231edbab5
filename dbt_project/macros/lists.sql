{#
  Whether a list for contact may include a customer. Runs from before the setting unknown_consent existed have no
  may_be_contacted, so consent alone counts in them.
#}
{% macro is_contactable(profiles) -%}
    coalesce({{ profiles }}.may_be_contacted, {{ profiles }}.may_contact, false)
{%- endmacro %}


{# The published run's customers, segments and profiles, as CTEs of these names. #}
{% macro published_customers() %}
    {%- for name, table in [
        ('customers', 'customer_clv'), ('segments', 'customer_segments'), ('profiles', 'dim_customer')
    ] %}
{{ name }} as (
    {{ published(ref(table)) | indent(4) }}
),
    {% endfor %}
{%- endmacro %}
