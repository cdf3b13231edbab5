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


{#
  Runs with the order lines, or the orders, that they were built from: what a from clause names. Of each row, the
  version counts that stood in the state of the run, and at its date.
  runs: a CTE with rows of order_line_states. versions: a CTE with int_order_line_versions, or int_order_versions.
#}
{% macro lines_of_runs(runs, versions) -%}
{{ runs }}
    inner join {{ versions }}
        on
            {{ stood_in_runs(runs, versions) }}
            and {{ runs }}.as_of_date > {{ versions }}.ordered_at
{%- endmacro %}


{% macro orders_of_runs(runs, versions) -%}
{{ runs }}
    inner join {{ versions }}
        on
            {{ stood_in_runs(runs, versions) }}
            and {{ runs }}.as_of_date >= {{ versions }}.from_date
            and ({{ runs }}.as_of_date < {{ versions }}.until_date or {{ versions }}.until_date is null)
{%- endmacro %}


{% macro stood_in_runs(runs, versions) -%}
{{ runs }}.state >= {{ versions }}.from_state
            and ({{ runs }}.state < {{ versions }}.until_state or {{ versions }}.until_state is null)
{%- endmacro %}


{# The order of a line as a run knows it: before a refund's order is known, the refund is an order of its own. #}
{% macro order_of_line(runs, versions) -%}
case
            when {{ versions }}.refunded_order_on < {{ runs }}.as_of_date then {{ versions }}.refunded_order_key
            else {{ versions }}.order_key
        end
{%- endmacro %}
