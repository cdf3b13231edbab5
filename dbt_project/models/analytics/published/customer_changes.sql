with

{{ changes_of_customers() }}

-- The tiers in their order, whatever the shop calls them.
tiers as (
    select
        value_tier,
        avg(clv_percentile) as height
    from (
        select
            value_tier,
            clv_percentile
        from after
        union all
        select
            value_tier,
            clv_percentile
        from before
    ) as both_dates
    group by value_tier
),

ranked as (
    select
        paired.*,
        tiers.height,
        tiers_before.height as height_before
    from paired
    left join tiers on paired.value_tier = tiers.value_tier
    left join tiers as tiers_before on paired.value_tier_before = tiers_before.value_tier
),

final as (
    select
        ranked.as_of_date,
        ranked.run_id,
        ranked.since,
        ranked.before_on,
        ranked.customer_key,
        ranked.currency,
        case
            when not ranked.is_there then 'gone'
            when not ranked.was_there then 'new'
            when ranked.height > ranked.height_before then 'rose'
            when ranked.height < ranked.height_before then 'fell'
            else 'same'
        end as tier_change,
        ranked.value_tier_before,
        ranked.value_tier,
        ranked.segment_before,
        ranked.segment,
        ranked.churn_risk_before,
        ranked.churn_risk,
        ranked.churn_band_before,
        ranked.churn_band,
        ranked.predicted_clv_before,
        ranked.predicted_clv,
        ranked.change::numeric(18, 2) as predicted_clv_change,
        ranked.margin_change::numeric(18, 2) as margin_change,
        case
            when abs(ranked.margin_change) > abs(ranked.change - ranked.margin_change) then 'margin'
            else ranked.cause
        end as cause,
        strongest.reason as why,
        strongest.reason_before as why_before,
        strongest.effect as why_effect,
        ranked.orders_since,
        ranked.revenue_since::numeric(18, 2) as revenue_since,
        ranked.order_keys,
        ranked.earlier_orders_change::numeric(18, 2) as earlier_orders_change,
        ranked.model_version_before,
        ranked.model_version
    from ranked
    left join
        lateral (
            select
                now.reason,
                earlier.reason as reason_before,
                coalesce(now.effect, 0) - coalesce(earlier.effect, 0) as effect
            from {{ named_reasons('ranked.reasons') }} as now
            full join {{ named_reasons('ranked.reasons_before') }} as earlier
                on now.reason_group = earlier.reason_group
            where
                ranked.was_there and ranked.is_there and ranked.change <> 0
                and sign(coalesce(now.effect, 0) - coalesce(earlier.effect, 0)) = sign(ranked.change)
            order by
                abs(coalesce(now.effect, 0) - coalesce(earlier.effect, 0)) desc,
                coalesce(now.reason_group, earlier.reason_group)
            limit 1
        ) as strongest
        on true
)

select * from final
