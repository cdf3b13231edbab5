{#- Columns are named one by one, new ones last: only then can the view of an earlier version be replaced in place. -#}
with

customers as (
    {{ published(ref('customer_clv')) | indent(4) }}
),

segments as (
    {{ published(ref('customer_segments')) | indent(4) }}
),

profiles as (
    {{ published(ref('dim_customer')) | indent(4) }}
),

final as (
    select
        customers.as_of_date,
        customers.customer_key,
        customers.horizon_days,
        customers.currency,
        customers.status,
        customers.status_reason,
        customers.first_order_on,
        customers.last_order_on,
        customers.orders_count,
        round(365.0 * customers.orders_count / greatest(profiles.tenure_days, 365), 4) as orders_per_year,
        customers.historic_revenue,
        customers.historic_profit,
        customers.average_order_value,
        customers.average_days_between_orders,
        segments.expected_gap_days,
        segments.gaps_silent,
        customers.days_overdue,
        customers.p_alive,
        customers.p_purchase,
        customers.churn_risk,
        customers.churn_band,
        customers.expected_orders,
        customers.expected_next_order_on,
        customers.predicted_revenue,
        customers.predicted_profit,
        customers.predicted_clv,
        customers.predicted_clv_p10,
        customers.predicted_clv_p50,
        customers.predicted_clv_p90,
        customers.lifetime_clv,
        customers.total_clv,
        customers.profit_basis,
        customers.clv_percentile,
        customers.value_tier,
        customers.segment,
        customers.lifecycle_stage,
        segments.value_band,
        segments.is_valuable,
        segments.value_at_stake,
        segments.is_saveable,
        segments.recency_quintile,
        segments.frequency_quintile,
        segments.monetary_quintile,
        segments.persona,
        array_to_string(segments.tags, ', ') as tags,
        profiles.cohort_month,
        profiles.tenure_days,
        profiles.country,
        profiles.first_channel,
        profiles.latest_channel,
        profiles.favourite_category,
        profiles.may_contact,
        profiles.may_be_contacted,
        customers.reasons_start,
        customers.reasons -> 0 ->> 'reason' as reason_1,
        (customers.reasons -> 0 ->> 'effect')::numeric as effect_1,
        customers.reasons -> 1 ->> 'reason' as reason_2,
        (customers.reasons -> 1 ->> 'effect')::numeric as effect_2,
        customers.reasons -> 2 ->> 'reason' as reason_3,
        (customers.reasons -> 2 ->> 'effect')::numeric as effect_3,
        customers.reasons_rest,
        customers.model_version,
        customers.run_id,
        customers.risk_reasons -> 0 ->> 'reason' as risk_reason_1,
        (customers.risk_reasons -> 0 ->> 'effect')::numeric as risk_effect_1,
        customers.risk_reasons -> 1 ->> 'reason' as risk_reason_2,
        (customers.risk_reasons -> 1 ->> 'effect')::numeric as risk_effect_2,
        customers.predicted_clv_low,
        customers.predicted_clv_high,
        segments.persona_name
    from customers
    inner join segments on customers.customer_key = segments.customer_key
    inner join profiles on customers.customer_key = profiles.customer_key
)

select * from final
