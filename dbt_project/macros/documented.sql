{#
  Stops a build in which a table or a column is not described. What is described but not there, or there but not
  declared, is stopped by the models' contracts.
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
