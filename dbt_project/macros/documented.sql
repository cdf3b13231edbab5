{#
  Stops a build if a table or column has no description, if a table has not exactly one layer, or if a published table
  is declared incompletely. Columns that are described but do not exist, or exist but are not declared, are found by
  the models' contracts.
#}
{% macro require_descriptions() %}
    {%- if execute %}
        {%- for node in graph.nodes.values() if node.resource_type in ('model', 'seed') %}
            {%- if not node.description %}
                {{ exceptions.raise_compiler_error(node.name ~ ' has no description; give it one in its yml') }}
            {%- endif %}
            {%- for column in node.columns.values() if not column.description %}
                {{ exceptions.raise_compiler_error(
                    'column ' ~ column.name ~ ' of ' ~ node.name ~ ' has no description; say in its yml what it means'
                ) }}
            {%- endfor %}
            {%- if node.resource_type == 'model' and node.config.materialized != 'ephemeral' %}
                {%- do require_layer(node) %}
                {%- do require_declared(node) %}
            {%- endif %}
        {%- endfor %}
    {%- endif %}
{% endmacro %}


{# Stops a build if a model is built by no step or by two steps. #}
{% macro require_layer(node) %}
    {%- set layers = ['layer:setup'] %}
    {%- for layer in var('layers') %}
        {%- do layers.append('layer:' ~ layer) %}
    {%- endfor %}
    {%- if node.tags | select('in', layers) | list | length != 1 %}
        {{ exceptions.raise_compiler_error(
            node.name ~ ' has to be of one layer; give it one of these tags in its yml: ' ~ layers | join(', ')
        ) }}
    {%- endif %}
{% endmacro %}


{# Stops a build if a published table has no key, or has rows of customers that an erasure would not find. #}
{% macro require_declared(node) %}
    {%- set meta, keys = node.config.meta, node.constraints | selectattr('type', 'equalto', 'primary_key') | list %}
    {%- if meta.published and node.config.materialized == 'slice' and not keys %}
        {{ exceptions.raise_compiler_error(
            node.name ~ ' is published and has no primary key; give its yml the constraint primary_key with as_of_date, run_id and what makes a row of a run unique'
        ) }}
    {%- endif %}
    {%- if meta.published and ('customer_key' in node.columns) and not meta.personal %}
        {{ exceptions.raise_compiler_error(
            node.name ~ ' is published and has a customer_key; say personal: true in the meta of its yml'
        ) }}
    {%- endif %}
    {%- if meta.personal and node.config.materialized == 'slice' and 'customer_key' not in node.columns %}
        {{ exceptions.raise_compiler_error(
            node.name ~ ' is personal and has no customer_key, by which customers are erased; name their key so'
        ) }}
    {%- endif %}
{% endmacro %}


{#
  Stops the build of a view unless its columns are exactly the described ones. Views have no contract that checks
  this. there: the names of its columns.
#}
{% macro require_described(relation, there, own, described) %}
    {%- set described = described | map('list') | sum(start=[]) %}
    {%- set apart = there | reject('in', described) | list + own.keys() | reject('in', there) | list %}
    {%- if apart %}
        {{ exceptions.raise_compiler_error(
            'the columns of ' ~ relation ~ ' and those that its yml describes differ: ' ~ apart | join(', ')
        ) }}
    {%- endif %}
{% endmacro %}


{#
  Stops a build unless a query has exactly the columns and types that the model's yml declares. Returns the names of the
  columns that a table has, if one is given. dbt's own check takes two queries and a loop over all pairs of columns, and
  asking for the table's columns would be a third; here, one query without rows has all columns side by side.
#}
{% macro require_columns(query, table=none) %}
    {%- set untyped = model.columns.values() | rejectattr('data_type') | map(attribute='name') | list %}
    {%- if untyped %}
        {{ exceptions.column_type_missing(column_names=untyped) }}
    {%- endif %}
    {%- set columns_of_all %}
    select
        null as "|",
        made.*,
        null as "|",
        declared.*,
        null as "|"{{ ', there.*' if table }}
    from (
        {{ query }}
    ) as made
    cross join (
        select
            {%- for column in model.columns.values() %}
            null::{{ column.data_type }} as {{ column.name }}{{ ',' if not loop.last }}
            {%- endfor %}
    ) as declared
    {%- if table %}
    cross join {{ table }} as there
    {%- endif %}
    where false
    {%- endset %}
    {%- set lists = [] %}
    {%- for column in adapter.get_column_schema_from_query(columns_of_all) %}
        {%- if column.name == '|' %}
            {%- do lists.append([]) %}
        {%- else %}
            {%- do lists[-1].append({'name': column.name, 'data_type': column.dtype}) %}
        {%- endif %}
    {%- endfor %}
    {%- if lists[0] | sort(attribute='name') != lists[1] | sort(attribute='name') %}
        {%- do exceptions.raise_contract_error(lists[1], lists[0]) %}
    {%- endif %}
    {{ return(lists[2] | map(attribute='name') | list) }}
{% endmacro %}


{# dbt calls this where it creates a table. #}
{% macro postgres__get_assert_columns_equivalent(sql) %}
    {%- do require_columns(sql) %}
{% endmacro %}


{# Comments on a relation and on its columns, as SQL. columns: the described columns, by name; all of them exist. #}
{% macro comments(relation, description, columns) %}
    {{ alter_relation_comment(relation, description) }}
    {%- for column in columns.values() %}
    comment on column {{ relation }}.{{ column.name }} is {{ postgres_escape_comment(column.description) }};
    {%- endfor %}
{% endmacro %}


{# dbt's own macro asks twice which columns exist. Those of a contract do. #}
{% macro postgres__persist_docs(relation, model, for_relation, for_columns) %}
    {% call statement() %}{{ comments(relation, model.description, model.columns) }}{% endcall %}
{% endmacro %}
