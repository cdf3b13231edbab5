{#
  Stops a build called by hand whose variables are not those of the home's shop.json, which `eval "$(clv env)"` keeps in
  CLV_DBT_SHOP: tables would be made by two rules.
#}
{% macro require_the_homes_settings() %}
    {%- if execute and flags.WHICH in ('build', 'run', 'test') %}
        {%- for name, value in fromjson(given('shop')).items() if var(name) != value %}
            {{ exceptions.raise_compiler_error(
                name ~ ' is ' ~ var(name) ~ ' here and ' ~ value ~ " in the home's shop.json; add: "
                ~ '--vars "$CLV_DBT_SHOP"'
            ) }}
        {%- endfor %}
    {%- endif %}
{% endmacro %}


{#
  After a build called by hand the next run makes staging and intermediate anew: the notes of what they were made of
  (see clv/transform/dbt.py) do not know of it.
#}
{% macro forget_what_was_built() %}
    {%- if execute and flags.WHICH in ('build', 'run') and given('caller') != 'clv' %}
        delete from {{ source('ops', 'builds') }} where name in ('built_staging', 'built_intermediate')
    {%- endif %}
{% endmacro %}
