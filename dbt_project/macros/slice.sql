{#
  The materialization `slice`: a table that keeps every run's rows, of which a build replaces exactly its own slice, in
  one transaction. The model's unique_key names the columns that identify a slice; the run's values of the same names
  identify this one. The query's rows are written once, into the table itself. Columns that the yml has and the table
  lacks are added. Comments, views and the indexes of its config are made with the table and by each set-up, the first
  two also with new columns.
  Slices of a published run must not change. The check comes last and holds the lock of publishing only until the
  transaction ends, so the query itself keeps nobody waiting; if the run was published meanwhile, nothing is written.
#}
{% materialization slice, adapter='postgres' %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set is_new = load_cached_relation(this) is none -%}

    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- set there = require_columns(sql, none if is_new else target) %}
    {%- set missing = [] if is_new else model.columns.values() | rejectattr('name', 'in', there) | list %}
    {% call statement('main') %}
        {%- if is_new %}
    create table {{ target }} {{ get_table_columns_and_constraints() }};
        {%- endif %}
        {%- for column in missing %}
    alter table {{ target }} add column {{ column.name }} {{ column.data_type }};
        {%- endfor %}
        {{- indexes_to_add(target, is_new) }}
        {{- replace_slice(target, sql) }}
    {% endcall %}
    {%- if not flags.EMPTY %}
        {% call statement() %}{{ take_statistics() }}; {{ refuse_published() }}{% endcall %}
    {%- endif %}
    {%- set is_changed = is_new or missing or flags.EMPTY %}
    {%- if is_changed %}
        {% do persist_docs(target, model) %}
    {%- endif %}
    {% do show_published(is_changed) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}

    {{ return({'relations': [target]}) }}
{% endmaterialization %}


{#
  The statements that create the indexes of the model's config that a table lacks. A run creates none on a table that it
  has not made: this would wait for the runs of other dates that write into it.
#}
{% macro indexes_to_add(target, is_new) %}
    {%- for index in config.get('indexes', default=[]) if is_new or flags.EMPTY %}
        {%- set columns = index.columns | join(', ') %}
        {%- set name = this.identifier ~ '_' ~ local_md5(columns)[:8] %}
        {%- if is_new or run_query("select to_regclass('" ~ this.schema ~ '.' ~ name ~ "')").rows[0][0] is none %}
    create index {{ name }} on {{ target }} ({{ columns }});
        {%- endif %}
    {%- endfor %}
{% endmacro %}


{% macro replace_slice(target, query) %}
    {%- set columns = model.columns | map('string') | join(', ') %}
    delete from {{ target }}
    where
        {%- for column in config.require('unique_key') %}
        {{ 'and ' if not loop.first }}{{ column }} = '{{ given(column) }}'
        {%- endfor %};

    insert into {{ target }} ({{ columns }})
    select {{ columns }} from ({{ query }}) as slice
{% endmacro %}


{#
  Updates the statistics that PostgreSQL plans queries by. Those of measures, JSON and lists would take longest, and no
  query is planned by them.
#}
{% macro take_statistics() %}
    {%- set columns = [] %}
    {%- for column in model.columns.values() %}
        {%- set type = column.data_type | string %}
        {%- if not type.startswith(('numeric', 'double', 'json')) and not type.endswith('[]') %}
            {%- do columns.append(column.name) %}
        {%- endif %}
    {%- endfor %}
    {{- 'analyze ' ~ this ~ ' (' ~ columns | join(', ') ~ ')' }}
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
