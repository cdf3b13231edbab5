{{ config(indexes=[{'columns': [
    'as_of_date', 'run_id', 'value_tier', 'segment', 'churn_band', 'value_at_stake desc', 'customer_key desc'
]}]) }}

with

customers as (
    select *
    from {{ ref('customer_clv') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

features as (
    select *
    from {{ ref('customer_features') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

standings as (
    select *
    from {{ ref('customer_standings') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

predictions as (
    select *
    from {{ source('predictions', 'customer_predictions') }}
    where
        as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
        and horizon_days = {{ var('main_horizon') }}
),

tag_rules as (select * from {{ ref('tag_rules') }}),

measures as materialized ( -- once, not for each rule
    select
        customers.*,
        features.days_since_last_order,
        features.tenure_days,
        features.distinct_categories,
        features.refund_share,
        features.discount_share,
        -- For customers who first ordered within the last year, all revenue is within that year.
        case when features.tenure_days >= 365 then features.trend end as trend
    from customers
    inner join features on customers.customer_key = features.customer_key
),

-- percent: the share of customers with a known measure who have at least as much of it.
measured_ranks as (
    select ranked.*
    from tag_rules
    cross join
        lateral (
            select
                tag_rules.tag,
                tag_rules.highest_percent,
                tag_rules.above,
                measures.customer_key,
                measured.amount,
                100 * cume_dist() over (order by measured.amount desc) as percent
            from measures
            cross join
                lateral (
                    values (
                        case tag_rules.measure
                            when 'orders_count' then measures.orders_count::numeric
                            when 'historic_revenue' then measures.historic_revenue
                            when 'average_order_value' then measures.average_order_value
                            when 'days_since_last_order' then measures.days_since_last_order::numeric
                            when 'days_overdue' then measures.days_overdue::numeric
                            when 'tenure_days' then measures.tenure_days::numeric
                            when 'distinct_categories' then measures.distinct_categories::numeric
                            when 'refund_share' then measures.refund_share::numeric
                            when 'discount_share' then measures.discount_share::numeric
                            when 'trend' then measures.trend::numeric
                            when 'predicted_clv' then measures.predicted_clv
                            when 'churn_risk' then measures.churn_risk
                        end
                    )
                ) as measured (amount)
            where measured.amount is not null
        ) as ranked
),

tags as (
    select
        customer_key,
        array_agg(tag order by tag) as tags
    from measured_ranks
    where percent <= highest_percent and (above is null or amount > above)
    group by customer_key
),

divided as (
    select
        customers.as_of_date,
        customers.run_id,
        customers.customer_key,
        customers.segment,
        standings.recency_quintile,
        standings.frequency_quintile,
        standings.monetary_quintile,
        customers.lifecycle_stage,
        customers.value_tier,
        standings.value_band,
        customers.churn_band,
        coalesce(tags.tags, array[]::text[]) as tags,
        {{ persona_id('predictions.persona') }} as persona,
        predictions.persona as persona_name,
        round(standings.expected_gap_days::numeric, 1) as expected_gap_days,
        round(standings.gaps_silent::numeric, 2) as gaps_silent,
        -- The rank also uses revenue to date. By the forecast alone, customers with high revenue would leave the group
        -- as soon as they stop ordering.
        coalesce(standings.value_band = 'high', false)
        or coalesce(standings.monetary_quintile = 5, false) as is_valuable,
        -- predicted_clv is the value of a customer who orders, times the probability of an order.
        round(customers.predicted_clv * customers.churn_risk, 2) as value_at_stake,
        case
            when customers.lifecycle_stage != 'slipping' then null
            when customers.days_overdue > 0
                then format(
                    'silent for %s days, an order was due after %s',
                    customers.as_of_date - customers.last_order_on,
                    round(round(standings.expected_gap_days::numeric, 1))
                )
            else concat_ws(
                ': ',
                format('unlikely to order within %s days', customers.horizon_days),
                jsonb_path_query_first(customers.risk_reasons, '$[*] ? (@.effect > 0)') ->> 'reason'
            )
        end as why_slipping
    from customers
    inner join standings on customers.customer_key = standings.customer_key
    left join tags on customers.customer_key = tags.customer_key
    left join predictions on customers.customer_key = predictions.customer_key
),

final as (
    select
        *,
        is_valuable and lifecycle_stage = 'slipping' as is_saveable
    from divided
)

select * from final
