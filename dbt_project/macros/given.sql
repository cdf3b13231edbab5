{#
  A value that the caller of dbt passes in an environment variable: as_of_date, run_id, training_date, origins (dates
  separated by commas), publish_lock (the key of the lock held while publishing), caller (`clv` or a person) or shop
  (the shop's settings as JSON).
  Environment variables are used because dbt parses the whole project again when its own variables change. While it
  parses, they are not read: it would parse every model that reads one again when the value changes, for each date and
  run. The defaults only serve to parse the project and to build empty tables. Quotes are doubled, because models write
  the value between quotes.
#}
{% macro given(name) -%}
    {%- set nothing = {
        'as_of_date': '1900-01-01', 'run_id': 'none', 'training_date': '1900-01-01', 'origins': '1900-01-01',
        'publish_lock': '0', 'caller': 'somebody', 'shop': '{}'
    } -%}
    {%- set value = env_var('CLV_DBT_' ~ name | upper, nothing[name]) if execute else nothing[name] -%}
    {{ return(value | replace("'", "''")) }}
{%- endmacro %}


{# The earlier date that segment_transitions compares the as-of date with, as an ISO date. #}
{% macro day_before() -%}
    {%- set day = modules.datetime.date.fromisoformat(given("as_of_date")) -%}
    {{ return((day - modules.datetime.timedelta(days=var('transition_days'))).isoformat()) }}
{%- endmacro %}
