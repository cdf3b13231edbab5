-- The last rule must match every customer, and every segment needs a rule that gives it.
with

rules as (select * from {{ ref('segment_rules') }}),

segments as (select * from {{ ref('segments') }}),

last_rule as (
    select *
    from rules
    order by rank desc
    limit 1
)

select segment
from last_rule
where
    needs_forecast
    or num_nonnulls(
        up_to_days_since_first_order, up_to_orders, from_orders, from_monetary_quintile, up_to_gaps, below_risk
    ) > 0
union all
select segments.segment
from segments
left join rules on segments.segment = rules.segment
where rules.segment is null and segments.segment <> 'no orders'
