{#
  The rows that analysts see of a table with a slice per run: those of the run published for the newest published date
  or, with history, for each date. `render` prevents dbt from emptying the relation when the project is built with
  --empty.
#}
{% macro published(relation, history=false) %}
with

publications as (select * from {{ source('analytics', 'publications').render() }}),

slices as (select * from {{ relation.render() }}),

{%- if history %}

published_runs as (
    select distinct on (as_of_date)
        as_of_date,
        run_id
    from publications
    order by as_of_date desc, publication_id desc
),

final as (
    select slices.*
    from published_runs
    inner join slices
        on published_runs.as_of_date = slices.as_of_date and published_runs.run_id = slices.run_id
)
{%- else %}

published_run as (
    select
        as_of_date,
        run_id
    from publications
    order by as_of_date desc, publication_id desc
    limit 1
),

-- Compared with single values, the columns limit what is read of a relation that is itself a view.
final as (
    select *
    from slices
    where
        as_of_date = (select published_run.as_of_date from published_run)
        and run_id = (select published_run.run_id from published_run)
)
{%- endif %}

select * from final
{% endmacro %}


{# Whether a new view has all columns of an old one in the same places; it may have more columns after them. #}
{% macro only_adds_columns(old, new) %}
    select not exists (
        select
        from pg_attribute as old
        left join pg_attribute as new
            on
                new.attrelid = '{{ new }}'::regclass
                and old.attnum = new.attnum
                and old.attname = new.attname
                and old.atttypid = new.atttypid
                and old.atttypmod = new.atttypmod
        where old.attrelid = '{{ old }}'::regclass and old.attnum > 0 and new.attnum is null
    )
{% endmacro %}


{#
  Creates or updates a view that readers may be querying. A view with the same definition is left alone. If columns
  were only added at the end, the view is replaced in place. Otherwise it is dropped and created again in one
  transaction.
  columns: the described columns of the tables that the view shows, then its own, each a dictionary by name; the last
  description of a column becomes its comment.
  Views in the schema of readers are granted to readers. Rights and comments are set when the view changes and by each
  set-up.
#}
{% macro show(view, query, description, columns) %}
    {%- set draft = '"' ~ view.identifier ~ '__draft"' -%}
    {% do run_query('create temporary view ' ~ draft ~ ' as ' ~ query) %}
    {%- if load_cached_relation(view) is not none %}
        {%- set same = run_query(
            "select pg_get_viewdef('" ~ view ~ "'::regclass) = pg_get_viewdef('pg_temp." ~ draft ~ "'::regclass)"
        ).rows[0][0] -%}
        {%- if not run_query(only_adds_columns(view, 'pg_temp.' ~ draft)).rows[0][0] %}
            {% do run_query('drop view ' ~ view) %}
        {%- endif %}
    {%- endif %}
    {% do run_query('drop view ' ~ draft) %}
    {%- if not same %}
        {% do run_query('create or replace view ' ~ view ~ ' as ' ~ query) %}
    {%- endif %}
    {%- if flags.EMPTY or not same %}
        {%- if view.schema == readers_schema() %}
            {% do apply_grants(view, {'select': ['clv_analyst', 'clv_modeller']}, should_revoke=True) %}
        {%- endif %}
        {% do run_query(alter_relation_comment(view, description)) %}
        {%- for described in columns if described %}
            {% do run_query(alter_column_comment(view, described)) %}
        {%- endfor %}
    {%- endif %}
{% endmacro %}


{# The schema that analysts read. #}
{% macro readers_schema() %}{{ return('analytics') }}{% endmacro %}


{#
  Creates the views of a table whose yml declares it published: one with its name and, if it has a history, one with
  every published date. Each build of the table does this, so that new columns can be read at once.
  A set-up drops views of tables that are not declared so any more (clv/transform/views.py).
#}
{% macro show_published() %}
    {%- if execute and this.schema != readers_schema() %}
        {%- for history in [false, true] %}
            {%- set view = api.Relation.create(
                database=this.database, schema=readers_schema(), type='view',
                identifier=this.identifier ~ ('_history' if history else '')
            ) %}
            {%- set shows = ' Every published date, each with its published run.' if history
                else ' The newest published date: its published run.' %}
            {%- if model.config.meta.published and (not history or model.config.meta.history) %}
                {% do show(view, published(this, history), model.description | trim ~ shows, [model.columns]) %}
            {%- endif %}
        {%- endfor %}
    {%- endif %}
{% endmacro %}


{# Materializes a model as a view for analysts: see `show`. #}
{% materialization published_view, adapter='postgres' %}
    {%- set view = this.incorporate(type='view') -%}
    {%- set columns = [] -%}
    {%- for parent in model.depends_on.nodes if parent in graph.nodes %}
        {%- do columns.append(graph.nodes[parent].columns) -%}
    {%- endfor %}
    {%- do columns.append(model.columns) -%}

    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% do show(view, sql, model.description, columns) %}
    {% do require_described(view, model.columns, columns) %}
    {% call noop_statement('main', 'SHOWN') %}{% endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}

    {{ return({'relations': [view]}) }}
{% endmaterialization %}


{#
  Updates the statistics that PostgreSQL plans queries by, which a view does not have. Those of measures, JSON and lists
  would take longest, and no query is planned by them.
#}
{% macro take_statistics() %}
    {%- set columns = [] %}
    {%- for column in model.columns.values() %}
        {%- set type = column.data_type | string %}
        {%- if not type.startswith(('numeric', 'double', 'json')) and not type.endswith('[]') %}
            {%- do columns.append(column.name) %}
        {%- endif %}
    {%- endfor %}
    {{- 'analyze ' ~ this ~ ' (' ~ columns | join(', ') ~ ')' if model.config.materialized != 'published_view' -}}
{% endmacro %}
