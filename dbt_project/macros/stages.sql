{#
  CTEs that give each customer a segment, a lifecycle stage and measures of silence; the last CTE is `final`. They
  follow a CTE `features` with the customers of one date. The as-of date and the earlier date of segment_transitions
  use the same definition.
  risks: a query with customer_key and churn_risk. Without it, or where the risk is null, segments depend only on
  rhythm, orders and revenue.
#}
{% macro stages_of_features(risks=none) %}
segments as (select * from {{ ref('segments') }}),

segment_rules as (select * from {{ ref('segment_rules') }}),

buyers as (select * from features where orders_count > 0),

quintiles as (
    select
        customer_key,
        {{ quintile('days_since_last_order desc') }} as recency_quintile,
        {{ quintile('orders_count') }} as frequency_quintile,
        {{ quintile('revenue_total') }} as monetary_quintile
    from buyers
),

silences as (
    select
        buyers.customer_key,
        buyers.orders_count,
        buyers.as_of_date - buyers.first_order_on as days_since_first_order,
        quintiles.recency_quintile,
        quintiles.frequency_quintile,
        quintiles.monetary_quintile,
        buyers.expected_gap_days,
        buyers.days_since_last_order / buyers.expected_gap_days as gaps_silent,
        greatest(floor(buyers.days_since_last_order - buyers.expected_gap_days), 0)::integer as days_overdue,
        {{ risks ~ '.churn_risk' if risks else 'null::numeric' }} as churn_risk
    from buyers
    inner join quintiles on buyers.customer_key = quintiles.customer_key
    {%- if risks %}
    left join {{ risks }} on buyers.customer_key = {{ risks }}.customer_key
    {%- endif %}
),

placed as (
    select distinct on (silences.customer_key)
        silences.*,
        segment_rules.segment
    from silences
    inner join segment_rules
        on
            (silences.churn_risk is not null or not segment_rules.needs_forecast)
            and silences.days_since_first_order
            <= coalesce(segment_rules.up_to_days_since_first_order, silences.days_since_first_order)
            and silences.orders_count <= coalesce(segment_rules.up_to_orders, silences.orders_count)
            and silences.orders_count >= coalesce(segment_rules.from_orders, silences.orders_count)
            and silences.monetary_quintile >= coalesce(segment_rules.from_monetary_quintile, 1)
            and silences.gaps_silent <= coalesce(segment_rules.up_to_gaps, silences.gaps_silent)
            and (silences.churn_risk < segment_rules.below_risk) is not false
    order by silences.customer_key, segment_rules.rank
),

named as (
    select
        features.customer_key,
        placed.recency_quintile,
        placed.frequency_quintile,
        placed.monetary_quintile,
        placed.expected_gap_days,
        placed.gaps_silent,
        placed.days_overdue,
        coalesce(placed.segment, 'no orders') as segment
    from features
    left join placed on features.customer_key = placed.customer_key
),

final as (
    select
        named.*,
        segments.lifecycle_stage
    from named
    inner join segments on named.segment = segments.segment
)
{% endmacro %}
