{# Money as analysts get it, in hundredths: an order is summed, then rounded; what is summed over orders is exact. #}
{% macro money(amount) -%}
    round(({{ amount }})::numeric, 2)
{%- endmacro %}


{# Profit of an amount's lines: known where they bring a cost, revenue x gross_margin where they do not. #}
{% macro profit(known_profit, revenue_without_cost) -%}
    coalesce({{ known_profit }}, 0) + coalesce({{ revenue_without_cost }}, 0) * {{ var('gross_margin') }}::numeric
{%- endmacro %}


{# The chance of no order within the horizon, as it is published. #}
{% macro churn_risk(p_purchase) -%}
    1 - round({{ p_purchase }}::numeric, 4)
{%- endmacro %}


{#
  How far an end of the interval that holds a predicted sum in four cases of five lies from it: sign is '-' or '+', amount
  the sum's size. Errors are normal in logs. own is ln(1 + variance / predicted ^ 2) of what is each customer's alone,
  shared the variance of the error that customers share; 1.2816 is the normal distribution's 90th percentile. The sum is
  the mean, hence own / 2.
#}
{% macro sum_distance(amount, sign, own, shared) -%}
    {{ money(sign ~ '(' ~ amount ~ ') * (exp(' ~ sign ~ '1.2816 * sqrt(' ~ shared ~ ' + ' ~ own ~ ') - ' ~ own ~ ' / 2)::numeric - 1)') }}
{%- endmacro %}


{# What stands for an amount: one size if it is a gain, the other, taken off, if it is a loss. #}
{% macro signed(amount, size_of_gain, size_of_loss) -%}
    case when {{ amount }} < 0 then -{{ size_of_loss }} else {{ size_of_gain }} end
{%- endmacro %}


{# Percentage of customers who are worth more; equal values stand in the order of what they were worth. #}
{% macro percent_above() -%}
    100.0 * (row_number() over (order by predicted_clv desc, historic_revenue desc, customer_key) - 1) / count(*) over ()
{%- endmacro %}


{# Discounted profit of a relation's predicted revenue, by the shop's profit per unit of it. #}
{% macro discounted_profit(predictions, margin) -%}
    {{ predictions }}.predicted_revenue * {{ margin }} * {{ predictions }}.discount_factor
{%- endmacro %}


{#
  The tier, or another group of a seed with (name, top_percent, tolerance), of each customer of `ranked`, as a query: the
  first group whose end the customer is above. At each end a customer stays on the side where the run's model saw them
  at its training date, until the rank of the day has passed the end by more than the tolerance. Who was not known then
  goes by the rank of the day. ranked, reference_ranks: queries with customer_key and percent_above.
#}
{% macro groups_of_ranks(ranked, reference_ranks, groups, name) %}
select distinct on ({{ ranked }}.customer_key)
    {{ ranked }}.customer_key,
    {{ ranked }}.percent_above,
    {{ groups }}.{{ name }}
from {{ ranked }}
left join {{ reference_ranks }} on {{ ranked }}.customer_key = {{ reference_ranks }}.customer_key
inner join {{ groups }}
    on
        {{ groups }}.top_percent + case
            when {{ reference_ranks }}.percent_above < {{ groups }}.top_percent then {{ groups }}.tolerance
            when {{ reference_ranks }}.percent_above >= {{ groups }}.top_percent then -{{ groups }}.tolerance
            else 0
        end > {{ ranked }}.percent_above
order by {{ ranked }}.customer_key, {{ groups }}.top_percent
{%- endmacro %}


{# 1 (lowest) to 5 (highest) by rank. Equal values share a quintile, the lowest they reach. #}
{% macro quintile(column) -%}
    least(1 + floor(5 * percent_rank() over (order by {{ column }})), 5)::integer
{%- endmacro %}


{# Whole months from a month to the month of a day: 0 within it. #}
{% macro months_between(month, day) -%}
    (
        12 * (extract(year from {{ day }}) - extract(year from {{ month }}))
        + extract(month from {{ day }}) - extract(month from {{ month }})
    )::integer
{%- endmacro %}


{# The id of a persona: its name in words with nothing but hyphens between them. #}
{% macro persona_id(name) -%}
    replace(replace({{ name }}, ', ', '--'), ' ', '-')
{%- endmacro %}


{#
  Lifetime value by amount and repurchase rate: the sum over years t of profit x retention^t / (1 + rate)^t, profit being
  that of a year of a customer who orders, paid at the year's end. After Berger & Nasr (1998), Customer lifetime value,
  case 1, without costs of retention.
#}
{% macro repurchase_value(profit_of_a_year, retention, rate, years) -%}
    {{ profit_of_a_year }} * (
        {%- for year in range(1, years + 1) %}{{ ' + ' if not loop.first }}power({{ retention }} / {{ 1 + rate }}, {{ year }}){% endfor -%}
    )
{%- endmacro %}
