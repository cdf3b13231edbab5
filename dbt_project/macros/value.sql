{#
  Rounds amounts for analysts to hundredths. Amounts are summed per order before rounding; sums over orders are then
  exact.
#}
{% macro money(amount) -%}
    round(({{ amount }})::numeric, 2)
{%- endmacro %}


{#
  An amount of raw.order_lines by the rate of its day. Without one, it is as raw has it. The amount in the row's own
  currency has few decimals, so it is found exactly.
  rates: the row of stg_line_rates, whose values are null if there is none.
#}
{% macro at_rate_of_day(amount, rates='line_rates') -%}
    case
        when {{ rates }}.rate is null then {{ amount }}
        else round(round({{ amount }} / {{ rates }}.fixed_rate, 8) * {{ rates }}.rate, 10)
    end
{%- endmacro %}


{#
  Profit: the known profit of lines with a cost, plus revenue × margin of the other lines. margin: the default is the
  shop's gross_margin.
#}
{% macro profit(known_profit, revenue_without_cost, margin=none) -%}
    coalesce({{ known_profit }}, 0)
    + coalesce({{ revenue_without_cost }}, 0) * {{ margin or var('gross_margin') ~ '::numeric' }}
{%- endmacro %}


{# The published probability that a customer has no order within the horizon. #}
{% macro churn_risk(p_purchase) -%}
    1 - round({{ p_purchase }}::numeric, 4)
{%- endmacro %}


{#
  The distance from a predicted sum to one end of its 80 % interval, if errors are normal in logarithms.
  sign: '-' for the lower end, '+' for the upper. amount: the predicted sum. own: ln(1 + variance / predicted ^ 2) of
  the customers' independent errors. shared: the variance of the error that all customers share. 1.2816 is the 90th
  percentile of the normal distribution. The sum is a mean, not a median, hence own / 2.
#}
{% macro sum_distance(amount, sign, own, shared) -%}
    {{ money(sign ~ '(' ~ amount ~ ') * (exp(' ~ sign ~ '1.2816 * sqrt(' ~ shared ~ ' + ' ~ own ~ ') - ' ~ own ~ ' / 2)::numeric - 1)') }}
{%- endmacro %}


{# size_of_gain for a positive amount, minus size_of_loss for a negative one. #}
{% macro signed(amount, size_of_gain, size_of_loss) -%}
    case when {{ amount }} < 0 then -{{ size_of_loss }} else {{ size_of_gain }} end
{%- endmacro %}


{# The percentage of customers with a higher value. Customers of equal value are ordered by historic value. #}
{% macro percent_above() -%}
    100.0 * (row_number() over (order by predicted_clv desc, historic_revenue desc, customer_key) - 1) / count(*) over ()
{%- endmacro %}


{#
  The discounted profit of a relation's predicted revenue: revenue × the shop's profit per unit of revenue × discount
  factor.
#}
{% macro discounted_profit(predictions, margin) -%}
    {{ predictions }}.predicted_revenue * {{ margin }} * {{ predictions }}.discount_factor
{%- endmacro %}


{#
  A query that gives each customer of `ranked` a tier: the first tier that reaches down to the customer's rank. It
  works for every seed with (name, top_percent, tolerance).
  Near a tier's boundary, a customer stays on the side where the run's model placed them at its training date, until
  today's rank is past the boundary by more than the tolerance. Customers who did not exist at the training date get
  the tier of today's rank.
  ranked, reference_ranks: queries with customer_key and percent_above.
#}
{% macro groups_of_ranks(ranked, reference_ranks, groups, name) %}
select
    placed.customer_key,
    placed.percent_above,
    {{ groups }}.{{ name }}
from (
    select
        {{ ranked }}.customer_key,
        {{ ranked }}.percent_above,
        (
            select min({{ groups }}.top_percent)
            from {{ groups }}
            where
                {{ groups }}.top_percent + case
                    when {{ reference_ranks }}.percent_above < {{ groups }}.top_percent then {{ groups }}.tolerance
                    when {{ reference_ranks }}.percent_above >= {{ groups }}.top_percent then -{{ groups }}.tolerance
                    else 0
                end > {{ ranked }}.percent_above
        ) as top_percent
    from {{ ranked }}
    left join {{ reference_ranks }} on {{ ranked }}.customer_key = {{ reference_ranks }}.customer_key
) as placed
inner join {{ groups }} on placed.top_percent = {{ groups }}.top_percent
{%- endmacro %}


{#
  The quintile by rank, from 1 (lowest) to 5 (highest). Customers with equal values are all in the lowest quintile
  that one of them reaches.
#}
{% macro quintile(column) -%}
    least(1 + floor(5 * percent_rank() over (order by {{ column }})), 5)::integer
{%- endmacro %}


{# The number of whole months from a month to the month of a day; 0 for a day within that month. #}
{% macro months_between(month, day) -%}
    (
        12 * (date_part('year', {{ day }}) - date_part('year', {{ month }}))
        + date_part('month', {{ day }}) - date_part('month', {{ month }})
    )::integer
{%- endmacro %}


{# The first day of a day's month. date_trunc would make a time with a zone of it. #}
{% macro month_of(day) -%}
    (({{ day }}) - date_part('day', {{ day }})::integer + 1)
{%- endmacro %}


{# The id of a persona: its name in lower case with hyphens. #}
{% macro persona_id(name) -%}
    replace(replace({{ name }}, ', ', '--'), ' ', '-')
{%- endmacro %}


{#
  Lifetime value from the yearly profit of an ordering customer and the repurchase rate: the sum over years t of
  profit × retention^t / (1 + rate)^t, paid at each year's end. After Berger & Nasr (1998), Customer lifetime value,
  case 1, without costs of retention.
#}
{% macro repurchase_value(profit_of_a_year, retention, rate, years) -%}
    {{ profit_of_a_year }} * (
        {%- for year in range(1, years + 1) %}{{ ' + ' if not loop.first }}power({{ retention }} / {{ 1 + rate }}, {{ year }}){% endfor -%}
    )
{%- endmacro %}
