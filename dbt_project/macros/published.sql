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
  Makes a view that readers may poll meanwhile: left alone when its definition is the same, replaced in place when it
  is not; dropped and made anew in one transaction where its columns changed otherwise than by new ones at the end.
  columns: of the tables it shows and its own, as their yml describes them, a list of dictionaries by name; the last
  that describes a column gives its comment. What is in the schema of readers is theirs to read. Rights and comments are
  set when the view changes, and anew by each set-up.
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
  Shows a table that its yml declares published: a view of its name, and with a history one of every published date.
  Part of each build of the table, so that new columns are there to read at once.
#}
{% macro show_published() %}
    {%- if execute and model.config.meta.published and this.schema != readers_schema() %}
        {%- for history in ([false, true] if model.config.meta.history else [false]) %}
            {%- set view = api.Relation.create(
                database=this.database, schema=readers_schema(), type='view',
                identifier=this.identifier ~ ('_history' if history else '')
            ) %}
            {%- set shows = ' Every published date, each with its published run.' if history
                else ' The newest published date: its published run.' %}
            {% do show(view, published(this, history), model.description | trim ~ shows, [model.columns]) %}
        {%- endfor %}
    {%- endif %}
{% endmacro %}


{# A view of its own, on published runs or on what else analysts may know: see `show`. #}
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


{# What a table's readers plan by; a view has none. #}
{% macro take_statistics() %}
    {{- 'analyze ' ~ this if model.config.materialized != 'published_view' -}}
{% endmacro %}
