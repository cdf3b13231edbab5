{#
  Segment, lifecycle stage and silence of each customer, as queries after a query `features` with the customers of one
  date: the one definition for today and for the date that segment_transitions looks back to. Ends with `final`.
#}
{% macro stages_of_features() %}
segment_rules as (select * from {{ ref('segment_rules') }}),

lifecycle_bounds as (select * from {{ ref('lifecycle_bounds') }}),

buyers as (select * from features where orders_count > 0),

quintiles as (
    select
        customer_key,
        {{ quintile('days_since_last_order desc') }} as recency_quintile,
        {{ quintile('orders_count') }} as frequency_quintile,
        {{ quintile('revenue_total') }} as monetary_quintile
    from buyers
),

segments as (
    select distinct on (quintiles.customer_key)
        quintiles.*,
        segment_rules.segment
    from quintiles
    inner join segment_rules
        on
            quintiles.recency_quintile between segment_rules.recency_from and segment_rules.recency_to
            and quintiles.frequency_quintile between segment_rules.frequency_from and segment_rules.frequency_to
            and quintiles.monetary_quintile between segment_rules.monetary_from and segment_rules.monetary_to
    order by quintiles.customer_key, segment_rules.rank
),

-- The shop's usual days between orders stand in for customers who have no rhythm of their own yet
usual_gap as (
    select coalesce(percentile_cont(0.5) within group (order by gap_mean), 90) as days
    from buyers
),

silences as (
    select
        buyers.customer_key,
        buyers.orders_count,
        buyers.tenure_days,
        buyers.days_since_last_order,
        coalesce(buyers.gap_mean, usual_gap.days) as gap_days,
        buyers.days_since_last_order / greatest(coalesce(buyers.gap_mean, usual_gap.days), 30) as gaps_silent
    from buyers
    cross join usual_gap
),

stages as (
    select distinct on (silences.customer_key)
        silences.customer_key,
        greatest(floor(silences.days_since_last_order - silences.gap_days), 0)::integer as days_overdue,
        lifecycle_bounds.lifecycle_stage
    from silences
    inner join lifecycle_bounds
        on
            silences.gaps_silent <= coalesce(lifecycle_bounds.up_to_gaps, silences.gaps_silent)
            and silences.orders_count <= coalesce(lifecycle_bounds.up_to_orders, silences.orders_count)
            and silences.tenure_days <= coalesce(lifecycle_bounds.up_to_tenure_days, silences.tenure_days)
    order by silences.customer_key, lifecycle_bounds.rank
),

final as (
    select
        features.customer_key,
        segments.recency_quintile,
        segments.frequency_quintile,
        segments.monetary_quintile,
        stages.days_overdue,
        coalesce(segments.segment, 'no orders') as segment,
        coalesce(stages.lifecycle_stage, 'no orders') as lifecycle_stage
    from features
    left join segments on features.customer_key = segments.customer_key
    left join stages on features.customer_key = stages.customer_key
)
{% endmacro %}
