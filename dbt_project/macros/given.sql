{#
  What a build is told of its run: as_of_date, run_id, training_date, origins as dates with commas between, and
  the key of the lock that publishing holds; and who calls dbt (`clv`, or somebody by hand).
  Handed over in the environment, because other values of dbt's own variables make it parse the whole project anew.
  The values here only let the project parse and make empty tables. Models write what they are given between quotes, so
  a quote in it is doubled here.
#}
{% macro given(name) -%}
    {%- set nothing = {
        'as_of_date': '1900-01-01', 'run_id': 'none', 'training_date': '1900-01-01', 'origins': '1900-01-01',
        'publish_lock': '0', 'caller': 'somebody', 'shop': '{}'
    } -%}
    {{ return(env_var('CLV_DBT_' ~ name | upper, nothing[name]) | replace("'", "''")) }}
{%- endmacro %}


{# The day that segment_transitions compares with, as an ISO date. #}
{% macro day_before() -%}
    {%- set day = modules.datetime.date.fromisoformat(given("as_of_date")) -%}
    {{ return((day - modules.datetime.timedelta(days=var('transition_days'))).isoformat()) }}
{%- endmacro %}
