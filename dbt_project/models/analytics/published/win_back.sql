with

{{ published_customers() }}

saveable as (
    select
        customers.as_of_date,
        customers.customer_key,
        customers.currency,
        customers.historic_revenue,
        customers.predicted_clv,
        customers.churn_risk,
        customers.days_overdue,
        customers.last_order_on,
        customers.value_tier,
        customers.lifecycle_stage,
        customers.run_id,
        customers.segment,
        segments.value_at_stake,
        -- Runs of earlier versions have no why_slipping
        coalesce(
            segments.why_slipping,
            format(
                'silent for %s days, usually %s between orders',
                customers.as_of_date - customers.last_order_on, round(segments.expected_gap_days)
            )
        ) as reason
    from customers
    inner join segments on customers.customer_key = segments.customer_key
    inner join profiles on customers.customer_key = profiles.customer_key
    where segments.is_saveable and {{ is_contactable('profiles') }}
),

final as (
    select
        *,
        row_number() over (order by value_at_stake desc nulls last, historic_revenue desc, customer_key)::integer
            as place
    from saveable
)

select *
from final
order by place
