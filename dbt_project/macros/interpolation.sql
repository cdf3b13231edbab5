{#
  Monotone cubic interpolation (Fritsch & Butland 1984, with their three-point formula at the ends): a total that is known
  at some points, in between without a step in its rate, and never falling where it does not fall between two points.
#}

{# The slope at a point: rate and width are of the piece after it, in the window by_day. #}
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


{# The slope at the first or the last point, from the rates of the piece next to it and of the one further on, if any:
   of the sign of the former, and at most three times as large. #}
{% macro end_slope(rate, further_rate, width, further_width) -%}
    least(greatest(coalesce(
        ((2 * {{ width }} + {{ further_width }}) - {{ width }} * {{ further_rate }} / nullif({{ rate }}, 0))
        / ({{ width }} + {{ further_width }}), 1
    ), 0), 3) * {{ rate }}
{%- endmacro %}


{# What a total has come to within a piece, at a place from 0 to 1. #}
{% macro cubic(amount, place) -%}
    pieces.{{ amount }} + pieces.width * (
        pieces.{{ amount }}_rate * (3 - 2 * ({{ place }})) * ({{ place }}) ^ 2
        + pieces.{{ amount }}_slope * ({{ place }}) * (1 - ({{ place }})) ^ 2
        - pieces.{{ amount }}_slope_after * ({{ place }}) ^ 2 * (1 - ({{ place }}))
    )
{%- endmacro %}
