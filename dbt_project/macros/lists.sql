{#
  Whether a list for contact may include a customer. Runs from before the setting unknown_consent existed have no
  may_be_contacted, so consent alone counts in them.
#}
{% macro is_contactable(profiles) -%}
    coalesce({{ profiles }}.may_be_contacted, {{ profiles }}.may_contact, false)
{%- endmacro %}
