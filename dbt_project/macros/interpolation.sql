{#
  Monotone cubic interpolation of a cumulative total that is known at some points (Fritsch & Butland 1984, with their
  three-point formula at the ends). The interpolated rate has no jumps, and the total falls only between two points
  where the known total falls.
#}

{# The slope at a point. rate, width: rate and width of the interval after the point, in the window by_day. #}
{% macro slope(rate, width, by_day) -%}
    case
        when lag({{ rate }}) over {{ by_day }} is null
            then {{ end_slope(rate, 'lead(' ~ rate ~ ') over ' ~ by_day, width, 'lead(' ~ width ~ ') over ' ~ by_day) }}
        when {{ rate }} is null
            then {{ end_slope('lag(' ~ rate ~ ') over ' ~ by_day, 'lag(' ~ rate ~ ', 2) over ' ~ by_day, 'lag(' ~ width ~ ') over ' ~ by_day, 'lag(' ~ width ~ ', 2) over ' ~ by_day) }}
        when lag({{ rate }}) over {{ by_day }} * {{ rate }} > 0
            then
                3 * (lag({{ width }}) over {{ by_day }} + {{ width }})
                / (
                    (2 * {{ width }} + lag({{ width }}) over {{ by_day }}) / lag({{ rate }}) over {{ by_day }}
                    + ({{ width }} + 2 * lag({{ width }}) over {{ by_day }}) / {{ rate }}
                )
        else 0
    end
{%- endmacro %}


{#
  The slope at the first or last point, from the rate of the adjacent interval and of the one after it, if there is
  one. It has the sign of the adjacent rate and is at most three times as large.
#}
{% macro end_slope(rate, further_rate, width, further_width) -%}
    least(greatest(coalesce(
        ((2 * {{ width }} + {{ further_width }}) - {{ width }} * {{ further_rate }} / nullif({{ rate }}, 0))
        / ({{ width }} + {{ further_width }}), 1
    ), 0), 3) * {{ rate }}
{%- endmacro %}


{# The interpolated total within an interval. place: 0 at its start, 1 at its end. #}
{% macro cubic(amount, place) -%}
    pieces.{{ amount }} + pieces.width * (
        pieces.{{ amount }}_rate * (3 - 2 * ({{ place }})) * ({{ place }}) ^ 2
        + pieces.{{ amount }}_slope * ({{ place }}) * (1 - ({{ place }})) ^ 2
        - pieces.{{ amount }}_slope_after * ({{ place }}) ^ 2 * (1 - ({{ place }}))
    )
{%- endmacro %}
