{#
  CTEs that give each customer a segment, a lifecycle stage and, if they ordered, quintiles and measures of silence; the
  last CTE is `staged`. They follow a CTE `features` with the customers of one date. The as-of date and the earlier date
  of segment_transitions use the same definition.
  risks: a query with customer_key and churn_risk. Without it, or where the risk is null, segments depend only on
  rhythm, orders and revenue.
#}
{% macro stages_of_features(risks=none) %}
segments as (select * from {{ ref('segments') }}),

segment_rules as (select * from {{ ref('segment_rules') }}),

quintiles as (
    select
        *,
        {{ quintile('days_since_last_order desc') }} as recency_quintile,
        {{ quintile('orders_count') }} as frequency_quintile,
        {{ quintile('revenue_total') }} as monetary_quintile
    from features
    where orders_count > 0
),

silences as (
    select
        customer_key,
        orders_count,
        as_of_date - first_order_on as days_since_first_order,
        recency_quintile,
        frequency_quintile,
        monetary_quintile,
        expected_gap_days,
        days_since_last_order / expected_gap_days as gaps_silent,
        greatest(floor(days_since_last_order - expected_gap_days), 0)::integer as days_overdue
    from quintiles
),

judged as (
    select
        silences.*,
        {{ risks ~ '.churn_risk' if risks else 'null::numeric' }} as churn_risk
    from silences
    {%- if risks %}
    left join {{ risks }} on silences.customer_key = {{ risks }}.customer_key
    {%- endif %}
),

-- rule: the rank of the first rule that the customer meets.
placed as (
    select
        judged.*,
        (
            select min(segment_rules.rank)
            from segment_rules
            where
                (judged.churn_risk is not null or not segment_rules.needs_forecast)
                and judged.days_since_first_order
                <= coalesce(segment_rules.up_to_days_since_first_order, judged.days_since_first_order)
                and judged.orders_count <= coalesce(segment_rules.up_to_orders, judged.orders_count)
                and judged.orders_count >= coalesce(segment_rules.from_orders, judged.orders_count)
                and judged.monetary_quintile >= coalesce(segment_rules.from_monetary_quintile, 1)
                and judged.gaps_silent <= coalesce(segment_rules.up_to_gaps, judged.gaps_silent)
                and (judged.churn_risk < segment_rules.below_risk) is not false
        ) as rule
    from judged
),

staged as (
    select
        features.customer_key,
        placed.recency_quintile,
        placed.frequency_quintile,
        placed.monetary_quintile,
        placed.expected_gap_days,
        placed.gaps_silent,
        placed.days_overdue,
        segments.segment,
        segments.lifecycle_stage
    from features
    left join placed on features.customer_key = placed.customer_key
    left join segment_rules on placed.rule = segment_rules.rank
    inner join segments on segments.segment = coalesce(segment_rules.segment, 'no orders')
)
{% endmacro %}
