{#
  The rows that analysts see of a table with a slice per run: those of the run published for the newest published date
  or, with history, for each date. `render` prevents dbt from emptying the relation when the project is built with
  --empty.
#}
{% macro published(relation, history=false) %}
{%- if history %}
with

publications as (select * from {{ source('analytics', 'publications').render() }}),

slices as (select * from {{ relation.render() }}),

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

select * from final
{%- else %}
-- Compared with single values, the columns limit what is read of a relation that is itself a view. Without CTEs, a
-- reader's order and conditions reach the relation's indexes.
select slices.*
from {{ relation.render() }} as slices
where
    {%- for column in ['as_of_date', 'run_id'] %}
    {{ 'and ' if not loop.first }}slices.{{ column }} = (
        select publications.{{ column }}
        from {{ source('analytics', 'publications').render() }} as publications
        order by publications.as_of_date desc, publications.publication_id desc
        limit 1
    )
    {%- endfor %}
{%- endif %}
{% endmacro %}


{#
  Creates or updates a view that readers may be querying, and returns the names of its columns. A view with the same
  definition is left alone. If columns were only added at the end, the view is replaced in place. Otherwise it is
  dropped and created again in one transaction.
  columns: the described columns of the tables that the view shows, then its own, each a dictionary by name; the last
  description of a column becomes its comment.
  Views in the schema of readers are granted to readers. Rights and comments are set when the view changes and by each
  set-up.
#}
{% macro show(view, query, description, columns) %}
    {%- set draft = '"' ~ view.identifier ~ '__draft"' -%}
    {%- set is_same, only_adds, names = run_query(compared_with_draft(view, draft, query)).rows[0].values() -%}
    {%- set there = names.split(',') -%}
    {%- set described = {} -%}
    {%- for column in columns | map('dictsort') | sum(start=[]) if column[0] in there -%}
        {%- do described.update({column[0]: column[1]}) -%}
    {%- endfor -%}
    {% call statement() %}
    drop view {{ draft }};
        {%- if not is_same %}
            {%- if not only_adds %}
    drop view {{ view }};
            {%- endif %}
    create or replace view {{ view }} as {{ query }}
    ;
        {%- endif %}
        {%- if flags.EMPTY or not is_same %}
            {{- comments(view, description, described) }}
        {%- endif %}
    {% endcall %}
    {%- if (flags.EMPTY or not is_same) and view.schema == readers_schema() %}
        {% do apply_grants(view, {'select': ['clv_analyst', 'clv_modeller', 'clv_publisher']}, should_revoke=True) %}
    {%- endif %}
    {{ return(there) }}
{% endmacro %}


{#
  Creates a draft of a view. Selects whether the view has the same definition, null if there is none; whether the draft
  has all columns of the view in the same places, and perhaps more after them; and the names of the draft's columns.
#}
{% macro compared_with_draft(view, draft, query) %}
    create temporary view {{ draft }} as {{ query }}
    ;
    select
        pg_get_viewdef(to_regclass('{{ view }}')) = pg_get_viewdef('pg_temp.{{ draft }}'::regclass) as is_same,
        not exists (
            select
            from pg_attribute as old
            left join pg_attribute as new
                on
                    new.attrelid = 'pg_temp.{{ draft }}'::regclass
                    and old.attnum = new.attnum
                    and old.attname = new.attname
                    and old.atttypid = new.atttypid
                    and old.atttypmod = new.atttypmod
            where old.attrelid = to_regclass('{{ view }}') and old.attnum > 0 and new.attnum is null
        ) as only_adds,
        (
            select string_agg(attname, ',' order by attnum)
            from pg_attribute
            where attrelid = 'pg_temp.{{ draft }}'::regclass and attnum > 0
        ) as names
{% endmacro %}


{# The schema that analysts read. #}
{% macro readers_schema() %}{{ return('analytics') }}{% endmacro %}


{#
  Creates the views of a table whose yml declares it published: one with its name and, if it has a history, one with
  every published date. A set-up drops views of tables that are not declared so any more (clv/transform/views.py).
  is_changed: whether the table may have other columns than when it was built before; otherwise, only missing views are
  created.
#}
{% macro show_published(is_changed) %}
    {%- if this.schema != readers_schema() %}
        {%- for history in [false, true] if model.config.meta.published and (not history or model.config.meta.history) %}
            {%- set view = api.Relation.create(
                database=this.database, schema=readers_schema(), type='view',
                identifier=this.identifier ~ ('_history' if history else '')
            ) %}
            {%- set shows = ' Every published date, each with its published run.' if history
                else ' The newest published date: its published run.' %}
            {%- if is_changed or load_cached_relation(view) is none %}
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
    {%- set there = show(view, sql, model.description, columns) -%}
    {% do require_described(view, there, model.columns, columns) %}
    {% do show_published(true) %}
    {% call noop_statement('main', 'SHOWN') %}{% endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}

    {{ return({'relations': [view]}) }}
{% endmaterialization %}
