{#
  How tables of staging and intermediate are built whole: first the rows, by `create table as`, which PostgreSQL may run
  in parallel, then the keys and indexes over all rows at once. dbt's own macro inserts row by row into a table with
  keys. An incremental model's new rows go through a temporary table, or a view if its table has no rows to compare
  them with.
#}
{% macro postgres__create_table_as(temporary, relation, sql) %}
    {%- if temporary %}
    {%- set is_first = config.get('materialized') == 'incremental' and not has_rows(this) %}
    create temporary {{ 'view' if is_first else 'table' }} {{ relation }} as ({{ sql }})
    {%- elif not config.get('contract').enforced %}
    create table {{ relation }} as ({{ sql }})
    {%- else %}
    {{- get_assert_columns_equivalent(sql) }}
    create table {{ relation }} as
    select
        {%- for column in model.columns.values() %}
        {{ column.name }}::{{ column.data_type }} as {{ column.name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from ({{ sql }}) as made
    {%- endif %}
{% endmacro %}


{# Adds the keys that the model's yml declares, and the indexes of its config. #}
{% macro postgres__create_indexes(relation) %}
    {%- set keys = adapter.render_raw_model_constraints(raw_constraints=model.constraints or []) %}
    {%- set changes = [] %}
    {%- for key in keys %}
        {%- do changes.append('add ' ~ key) %}
    {%- endfor %}
    {%- for column in model.columns.values() if column.constraints | selectattr('type', 'equalto', 'not_null') | list %}
        {%- do changes.append('alter column ' ~ column.name ~ ' set not null') %}
    {%- endfor %}
    {%- if changes and config.get('contract').enforced %}
        {%- do run_query('alter table ' ~ relation ~ ' ' ~ changes | join(', ')) %}
    {%- endif %}
    {{- default__create_indexes(relation) }}
{% endmacro %}


{#
  Replaces rows of an incremental model's table by key. A table without rows loses its keys and indexes while it is
  filled; `complete_table` makes them again.
#}
{% macro postgres__get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) %}
    {%- if has_rows(target) %}
    {{ default__get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) }}
    {%- else %}
    {%- set columns = get_quoted_csv(dest_columns | map(attribute='name')) %}
    {%- do run_query('truncate ' ~ target) %}
    {%- for drop in run_query(keys_and_indexes(target)) %}
        {%- do run_query(drop[0]) %}
    {%- endfor %}
    insert into {{ target }} ({{ columns }})
    select {{ columns }} from {{ source }}
    {%- endif %}
{% endmacro %}


{% macro has_rows(relation) %}
    {{- return(run_query('select 1 from ' ~ relation ~ ' limit 1') | length > 0) }}
{% endmacro %}


{# The statements that drop the keys and indexes of a table. #}
{% macro keys_and_indexes(relation) %}
    select coalesce(
        'alter table {{ relation }} drop constraint ' || quote_ident(pg_constraint.conname),
        'drop index ' || pg_index.indexrelid::regclass
    )
    from pg_index
    left join pg_constraint on pg_index.indexrelid = pg_constraint.conindid and pg_constraint.contype in ('p', 'u')
    where pg_index.indrelid = '{{ relation }}'::regclass
{% endmacro %}


{# Makes keys and indexes if the table has none. #}
{% macro complete_table() %}
    {%- if execute and not run_query(keys_and_indexes(this)) | length %}
        {%- do create_indexes(this) %}
    {%- endif %}
{% endmacro %}
