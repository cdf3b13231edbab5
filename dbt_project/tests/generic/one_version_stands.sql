{#
  Keys of which two versions stand at once, or end with the same state. The primary key (key, from_state) leaves only
  versions of different states to compare, and after a whole build there is but one state.
#}
{% test one_version_stands(model, key) %}

with

later as (
    select *
    from {{ model }}
    where from_state > (select min(from_state) from {{ model }})
)

select {% for column in key %}later.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
from later
inner join {{ model }} as other
    on
        {% for column in key %}later.{{ column }} = other.{{ column }} and {% endfor %}
        later.from_state <> other.from_state
where later.until_state is not distinct from other.until_state

{% endtest %}
