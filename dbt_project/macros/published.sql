{#
  What analysts see of a sliced table: the rows of the published run of the newest published date, or, with
  history, of each date. `render` keeps the relation whole where the project is built with --empty.
#}
{% macro published(relation, history=false) %}
with

publications as (select * from {{ source('analytics', 'publications').render() }}),

slices as (select * from {{ relation.render() }}),

published_runs as (
    {%- if history %}
    select distinct on (as_of_date)
        as_of_date,
        run_id
    from publications
    order by as_of_date desc, publication_id desc
    {%- else %}
    select
        as_of_date,
        run_id
    from publications
    order by as_of_date desc, publication_id desc
    limit 1
    {%- endif %}
),

final as (
    select slices.*
    from published_runs
    inner join slices
        on published_runs.as_of_date = slices.as_of_date and published_runs.run_id = slices.run_id
)

select * from final
{% endmacro %}


{# Whether a new view has the columns of an old one, in their places, and perhaps more behind them. #}
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
  A view that readers may poll while it is set up: left alone when its definition is the same, replaced in place when it
  is not; dropped and made anew in one transaction where its columns changed otherwise than by new ones at the end. Column
  comments are those of the table it shows, kept in one place, and the view's own for columns of its own.
#}
{% materialization published_view, adapter='postgres' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='view') -%}
    {%- set draft = '"' ~ this.identifier ~ '__draft"' -%}
    {%- set parents = model.depends_on.nodes | select('in', graph.nodes) | list -%}

    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% call statement('draft') %}
        create temporary view {{ draft }} as {{ sql }}
    {% endcall %}
    {% if existing is not none %}
        {%- set same = run_query(
            "select pg_get_viewdef('" ~ this ~ "'::regclass) = pg_get_viewdef('pg_temp." ~ draft ~ "'::regclass)"
        ).rows[0][0] -%}
        {%- set extends = run_query(only_adds_columns(this, 'pg_temp.' ~ draft)).rows[0][0] -%}
    {% endif %}
    {% call statement('main') %}
        drop view {{ draft }};
        {% if existing is not none and not extends %}drop view {{ target_relation }};{% endif %}
        {% if not same %}create or replace view {{ target_relation }} as {{ sql }}{% endif %}
    {% endcall %}

    {% do apply_grants(target_relation, config.get('grants'), should_revoke=True) %}
    {% do run_query(alter_relation_comment(target_relation, model.description)) %}
    {%- set described = model.columns.keys() | list -%}
    {% for parent in parents %}
        {%- do described.extend(graph.nodes[parent].columns) -%}
        {% do run_query(alter_column_comment(target_relation, graph.nodes[parent].columns)) %}
    {% endfor %}
    {% do require_described(target_relation, model.columns, described) %}
    {% if model.columns %}
        {% do run_query(alter_column_comment(target_relation, model.columns)) %}
    {% endif %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
