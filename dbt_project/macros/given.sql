{#
  A value of the run that a build is for: as_of_date, run_id, training_date, origins (dates separated by commas), or
  publish_lock, the key of the lock held while publishing; or who calls dbt (`clv`, or a person). Values come in environment variables, because changed
  values of dbt's own variables make dbt parse the whole project again. The defaults here only let the project parse
  and build empty tables. Quotes are doubled, because models write the value between quotes.
#}
{% macro given(name) -%}
    {%- set nothing = {
        'as_of_date': '1900-01-01', 'run_id': 'none', 'training_date': '1900-01-01', 'origins': '1900-01-01',
        'publish_lock': '0', 'caller': 'somebody', 'shop': '{}'
    } -%}
    {{ return(env_var('CLV_DBT_' ~ name | upper, nothing[name]) | replace("'", "''")) }}
{%- endmacro %}


{# The date that segment_transitions compares with, as an ISO date. #}
{% macro day_before() -%}
    {%- set day = modules.datetime.date.fromisoformat(given("as_of_date")) -%}
    {{ return((day - modules.datetime.timedelta(days=var('transition_days'))).isoformat()) }}
{%- endmacro %}
