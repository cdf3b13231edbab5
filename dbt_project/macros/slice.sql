{#
  The incremental strategy `slice`: a build replaces exactly the rows of its slice, in one transaction. The model's
  unique_key names the columns that identify a slice; the run's values of the same names identify this one. Unlike
  delete+insert, it removes the old rows also if the new slice is empty.
  Slices of a published run must not change. The build checks this, and holds the lock of publishing until its
  transaction ends.
#}
{% macro get_incremental_slice_sql(arg_dict) %}
    {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) %}
    select pg_advisory_xact_lock({{ given('publish_lock') }});

    do $$
    begin
        if exists (select from {{ source('analytics', 'publications').render() }} where run_id = '{{ given("run_id") }}') then
            raise exception 'run {{ given("run_id") }} is published, and published rows never change; start a new run';
        end if;
    end
    $$;

    delete from {{ arg_dict['target_relation'] }}
    where
        {%- for column in arg_dict['unique_key'] %}
        {{ 'and ' if not loop.first }}{{ column }} = '{{ given(column) }}'
        {%- endfor %};

    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arg_dict['temp_relation'] }}
{% endmacro %}
