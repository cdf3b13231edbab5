{# Whether lists for contact include a customer. Runs made before the setting unknown_consent counted consent alone. #}
{% macro is_contactable(profiles) -%}
    coalesce({{ profiles }}.may_be_contacted, {{ profiles }}.may_contact, false)
{%- endmacro %}
