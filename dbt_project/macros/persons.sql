{#
  The rows of a table of staging, each with the key of its person as `customer_key` and the key of the shop's id as
  `account_key`. They differ where several ids are one person (docs/decisions/0192-one-person-has-one-key.md).
  A shop without linked ids reads the table alone, by its indexes. Whether there are any is part of what the notes of a
  build say (clv/transform/notes.py).
#}
{% macro rows_of_persons(relation) %}
    {%- if execute and run_query('select 1 from ops.identity_links limit 1') | length > 0 -%}
    select
        {%- for column in adapter.get_columns_in_relation(relation) if column.name != 'customer_key' %}
        received.{{ column.name }},
        {%- endfor %}
        received.customer_key as account_key,
        coalesce(persons.customer_key, received.customer_key) as customer_key
    from (select * from {{ relation }}) as received
    left join ops.person_keys as persons on received.customer_key = persons.account_key
    {%- else -%}
    select
        *,
        customer_key as account_key
    from {{ relation }}
    {%- endif -%}
{% endmacro %}
