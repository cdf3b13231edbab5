{#
  The materialization `slice`: a table that keeps every run's rows, of which a build replaces exactly its own slice, in
  one transaction. The model's unique_key names the columns that identify a slice; the run's values of the same names
  identify this one. The query's rows are written once, into the table itself. Columns that the yml has and the table
  lacks are added.
  Slices of a published run must not change. The check comes last and holds the lock of publishing only until the
  transaction ends, so the query itself keeps nobody waiting; if the run was published meanwhile, nothing is written.
#}
{% materialization slice, adapter='postgres' %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set is_new = load_cached_relation(this) is none -%}

    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if is_new %}
        {% do run_query('create table ' ~ target ~ get_table_columns_and_constraints()) %}
    {%- else %}
        {% do add_missing_columns(target) %}
    {%- endif %}
    {% call statement('main') %}{{ replace_slice(target, sql) }}{% endcall %}
    {% do run_query(refuse_published()) %}
    {% do persist_docs(target, model) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}

    {{ return({'relations': [target]}) }}
{% endmaterialization %}


{% macro replace_slice(target, query) %}
    {%- set columns = model.columns | map('string') | join(', ') %}
    {{ get_assert_columns_equivalent(query) }}
    delete from {{ target }}
    where
        {%- for column in config.require('unique_key') %}
        {{ 'and ' if not loop.first }}{{ column }} = '{{ given(column) }}'
        {%- endfor %};

    insert into {{ target }} ({{ columns }})
    select {{ columns }} from ({{ query }}) as slice
{% endmacro %}


{# Adds the columns of the model's yml that its table, made by an earlier version, lacks. #}
{% macro add_missing_columns(target) %}
    {%- set there = adapter.get_columns_in_relation(target) | map(attribute='name') | list %}
    {%- for column in model.columns.values() if column.name not in there %}
        {% do run_query('alter table ' ~ target ~ ' add column ' ~ column.name ~ ' ' ~ column.data_type) %}
    {%- endfor %}
{% endmacro %}


{# Raises an error if the run is published. #}
{% macro refuse_published() %}
    select pg_advisory_xact_lock({{ given('publish_lock') }});

    do $$
    begin
        if exists (select from {{ source('analytics', 'publications').render() }} where run_id = '{{ given("run_id") }}') then
            raise exception 'run {{ given("run_id") }} is published, and published rows never change; start a new run';
        end if;
    end
    $$;
{% endmacro %}
