{#
  Stops a dbt command called by hand if its variables differ from the home's shop.json, because tables would follow
  two sets of settings. `eval "$(clv env)"` keeps the home's settings in CLV_DBT_SHOP.
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
  Deletes the notes of what staging and intermediate were built from (see clv/transform/dbt.py) at the start and at the
  end of a build called by hand. The next run then builds both again, even if another run noted its own build meanwhile.
#}
{% macro forget_what_was_built() %}
    {%- if execute and flags.WHICH in ('build', 'run') and given('caller') != 'clv' %}
        delete from {{ source('ops', 'builds') }} where name in ('built_staging', 'built_intermediate')
    {%- endif %}
{% endmacro %}
