{#
  The materialization of tables that are built whole. It does what dbt's own does, with two statements instead of a
  dozen: the rows, and then everything else. Readers wait for the exchange of the tables alone.
#}
{% materialization table, adapter='postgres' %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set draft, old = make_intermediate_relation(target), load_cached_relation(this) -%}

    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') %}
    drop table if exists {{ draft }};
    {{ create_table_as(false, draft, sql) }}
    {% endcall %}
    {% call statement() %}
    {{ keys_and_indexes_to_add(draft) }}
    analyze {{ draft }};
    {{ comments(draft, model.description, model.columns) }}
        {%- if old is not none %}
    drop {{ old.type }} if exists {{ old }} cascade;
        {%- endif %}
    alter table {{ draft }} rename to "{{ target.identifier }}"
    {% endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}

    {{ return({'relations': [target]}) }}
{% endmaterialization %}


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


{# The statements that add the keys that the model's yml declares, and the indexes of its config. #}
{% macro keys_and_indexes_to_add(relation) %}
    {%- set changes = [] %}
    {%- for key in adapter.render_raw_model_constraints(raw_constraints=model.constraints or []) %}
        {%- do changes.append('add ' ~ key) %}
    {%- endfor %}
    {%- for column in model.columns.values() if column.constraints | selectattr('type', 'equalto', 'not_null') | list %}
        {%- do changes.append('alter column ' ~ column.name ~ ' set not null') %}
    {%- endfor %}
    {%- if changes and config.get('contract').enforced %}
    alter table {{ relation }} {{ changes | join(', ') }};
    {%- endif %}
    {%- for index in config.get('indexes', default=[]) %}
    {{ get_create_index_sql(relation, index) }};
    {%- endfor %}
{% endmacro %}


{# dbt calls this where it creates the table of an incremental model. #}
{% macro postgres__create_indexes(relation) %}
    {%- set statements = keys_and_indexes_to_add(relation) | trim %}
    {%- if statements %}
        {% call statement() %}{{ statements }}{% endcall %}
    {%- endif %}
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


{# Makes keys and indexes of an incremental model's table if it has none, and updates its statistics. #}
{% macro complete_table() %}
    {%- if execute and model.config.materialized == 'incremental' %}
        {%- if not run_query(keys_and_indexes(this)) | length %}
            {{- keys_and_indexes_to_add(this) }}
        {%- endif %}
    analyze {{ this }}
    {%- endif %}
{% endmacro %}
