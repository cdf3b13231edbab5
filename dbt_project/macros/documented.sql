{#
  Stops a build in which a table or column has no description. Contracts of the models stop descriptions of columns
  that do not exist, and columns that are not declared.
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
        {%- endfor %}
    {%- endif %}
{% endmacro %}


{#
  Stops the build of a view unless the columns of the view and the described columns are the same. A view has no
  contract that would.
#}
{% macro require_described(relation, own, described) %}
    {%- set there = adapter.get_columns_in_relation(relation) | map(attribute='name') | list %}
    {%- set apart = there | reject('in', described) | list + own.keys() | reject('in', there) | list %}
    {%- if apart %}
        {{ exceptions.raise_compiler_error(
            'the columns of ' ~ relation ~ ' and those that its yml describes differ: ' ~ apart | join(', ')
        ) }}
    {%- endif %}
{% endmacro %}
