{#
  CTEs that keep all states of a table as versions of its rows. Expects a CTE `standing` with the present rows, one
  per key. `final` has the versions to insert or to close. Rows are compared by their stored form: 5.0 equals 5.00 as a
  number, but a whole build would store the new one.
  columns: the columns of `standing` without its key.
#}
{% macro versions_of_standing(key, columns) %}
{%- set new, old = 'standing', 'open_versions' %}
state as materialized (select nextval('ops.order_line_states') as number),

open_versions as (
    {%- if is_incremental() %}
    select * from {{ this }}
    where until_state is null{{ ' and false' if flags.EMPTY }}
    {%- else %}
    select
        *,
        null::bigint as from_state
    from standing
    where false
    {%- endif %}
),

{% for cte, here, there in [('opened', new, old), ('closed', old, new)] %}
{{ cte }} as (
    select {{ here }}.*
    from {{ here }}
    left join {{ there }}
        on {% for column in key %}{{ 'and ' if not loop.first }}{{ here }}.{{ column }} = {{ there }}.{{ column }} {% endfor %}
    where
        {{ there }}.{{ key[0] }} is null
        or record_image_ne(
            row({{ here }}.{{ columns | join(', ' ~ here ~ '.') }}),
            row({{ there }}.{{ columns | join(', ' ~ there ~ '.') }})
        )
),
{% endfor %}
final as (
    select
        {{ key | join(', ') }},
        state.number as from_state,
        null::bigint as until_state,
        {{ columns | join(', ') }}
    from opened
    cross join state
    union all
    select
        {{ key | join(', ') }},
        closed.from_state,
        state.number as until_state,
        {{ columns | join(', ') }}
    from closed
    cross join state
)
{% endmacro %}
